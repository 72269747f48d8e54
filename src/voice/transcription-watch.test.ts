import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TranscriptionWatch } from './transcription-watch.js';

test('a transcription that fails on two utterances in a row is reported once with its code', () => {
  const watch = new TranscriptionWatch();
  const reports: boolean[] = [];
  for (let utterance = 0; utterance < 5; utterance++) reports.push(watch.taken(), watch.failed('model_not_found'));
  assert.equal(reports.indexOf(true), 3);
  assert.equal(reports.filter(Boolean).length, 1);
  assert.equal(watch.code, 'model_not_found');
});

test('a transcription that never comes is reported with the fourth utterance', () => {
  const watch = new TranscriptionWatch();
  assert.deepEqual(
    [1, 2, 3, 4, 5].map(() => watch.taken()),
    [false, false, false, true, false],
  );
  assert.equal(watch.code, 'none');
});

test('a transcription that fails now and then is not reported', () => {
  const watch = new TranscriptionWatch();
  for (let utterance = 0; utterance < 9; utterance++) {
    assert.equal(watch.taken(), false);
    if (utterance % 2 === 0) watch.wrote();
    else assert.equal(watch.failed('server_error'), false);
  }
  assert.equal(watch.isBlind, false);
});

test('a transcription that the service has refused is reported at once', () => {
  const watch = new TranscriptionWatch();
  assert.deepEqual([watch.refused(), watch.refused(), watch.taken()], [true, false, false]);
  assert.equal(watch.code, 'refused');
});
