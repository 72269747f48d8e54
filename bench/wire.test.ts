import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FRAME, isSpoken, modelDelta, sentMsOf, twilioMedia } from './wire.js';

test('audio messages carry their send time to the microsecond, and other messages carry none', () => {
  const sentMs = 123_456_789.123;
  for (const message of [twilioMedia('MZ1', sentMs), modelDelta(1, FRAME, sentMs)]) {
    assert.doesNotThrow(() => JSON.parse(message) as unknown);
    assert.equal(sentMsOf(Buffer.from(message)), sentMs);
  }
  assert.equal(isSpoken(Buffer.from(twilioMedia('MZ1', sentMs))), true);
  assert.equal(isSpoken(Buffer.from(twilioMedia('MZ1', sentMs, false))), false);
  for (const other of ['{"event":"mark"}', '{"type":"response.output_audio.done"}', '', 'x']) {
    assert.equal(sentMsOf(Buffer.from(other)), undefined);
  }
});
