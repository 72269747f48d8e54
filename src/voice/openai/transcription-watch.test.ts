import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TranscriptionWatch } from './transcription-watch.js';

function watchOf(): { watch: TranscriptionWatch; codes: string[] } {
  const codes: string[] = [];
  return { watch: new TranscriptionWatch((code) => codes.push(code)), codes };
}

test('a transcription that fails on two utterances in a row is reported once with its code', () => {
  const { codes, watch } = watchOf();
  for (let utterance = 0; utterance < 5; utterance++) {
    watch.taken();
    watch.failed('model_not_found');
    assert.equal(codes.length, utterance === 0 ? 0 : 1);
  }
  assert.deepEqual(codes, ['model_not_found']);
});

test('a transcription that never comes is reported with the fourth utterance', () => {
  const { codes, watch } = watchOf();
  for (let utterance = 0; utterance < 3; utterance++) watch.taken();
  assert.deepEqual(codes, []);
  watch.taken();
  assert.deepEqual(codes, ['none']);
});

test('a transcription that has worked once is not reported', () => {
  const { codes, watch } = watchOf();
  watch.taken();
  watch.wrote();
  for (let utterance = 0; utterance < 5; utterance++) {
    watch.taken();
    watch.failed('server_error');
  }
  assert.deepEqual(codes, []);
});
