import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TranscriptionWatch } from '../transcription-watch.js';
import { UnwrittenSpeech } from './unwritten-speech.js';

function start(): { speech: UnwrittenSpeech; reports: () => number } {
  let reports = 0;
  return { speech: new UnwrittenSpeech(new TranscriptionWatch(), () => reports++), reports: () => reports };
}

test('the fourth utterance in a row that is answered and not written down is reported, once', () => {
  const { reports, speech } = start();
  const counts = Array.from({ length: 6 }, () => {
    speech.spoke();
    speech.answered();
    return reports();
  });
  assert.deepEqual(counts, [0, 0, 0, 1, 1, 1]);
});

test('an answer to a text, to the result of a tool or to nothing is no sign of a missing text', () => {
  const { reports, speech } = start();
  for (let i = 0; i < 9; i++) {
    speech.spoke();
    speech.asked();
    speech.answered();
    speech.answered();
  }
  assert.equal(reports(), 0);
});

test('a text now and then is enough', () => {
  const { reports, speech } = start();
  for (let i = 0; i < 9; i++) {
    speech.spoke();
    if (i % 3 === 0) speech.wrote();
    speech.answered();
  }
  assert.equal(reports(), 0);
});
