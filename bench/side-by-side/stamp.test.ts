import assert from 'node:assert/strict';
import { test } from 'node:test';
import { STAMP_CHARACTERS, readStamp, writeStamp } from './stamp.js';

test('a stamp is read as it was written, to the microsecond', () => {
  for (const ms of [0, 0.001, 1234.567, 86_400_000.5, 2 ** 40 / 1000]) {
    const message = Buffer.alloc(STAMP_CHARACTERS + 3, 'x');
    writeStamp(message, 3, ms);
    assert.equal(readStamp(message, 3), ms);
  }
});

test('a stamp is quiet audio', () => {
  const message = Buffer.alloc(STAMP_CHARACTERS);
  writeStamp(message, 0, 123_456_789.012);
  assert.ok(Buffer.from(message.toString('latin1'), 'base64').every((sample) => sample >= 0xf0));
});

test('audio without a stamp is told from a stamp', () => {
  const speech = Buffer.from(Buffer.alloc(160, 0x55).toString('base64'));
  assert.ok(Number.isNaN(readStamp(speech, 0)));
});
