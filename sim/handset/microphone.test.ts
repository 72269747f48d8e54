import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MULAW_SILENCE } from '../../src/audio/chunk.js';
import { Microphone } from './microphone.js';

const FRAME_BYTES = 160;
const LOUD = new Uint8Array(FRAME_BYTES).fill(0x10);
const SILENT = new Uint8Array(FRAME_BYTES).fill(MULAW_SILENCE);

function scene(): { microphone: Microphone; line: { waiting: number | undefined; taken: number } } {
  const line: { waiting: number | undefined; taken: number } = { waiting: 0, taken: 0 };
  const microphone = new Microphone({
    waitingBytes: () => line.waiting,
    speak: (mulaw) => {
      line.taken++;
      if (line.waiting !== undefined) line.waiting += mulaw.length;
    },
  });
  return { microphone, line };
}

test('a line that has run dry gets its next audio when 60 ms of it are there', () => {
  const { line, microphone } = scene();
  const taken = [LOUD, LOUD, LOUD, LOUD].map((frame) => {
    microphone.take(frame);
    return line.taken;
  });
  assert.deepEqual(taken, [0, 0, 3, 4]);
});

test('a line that is late drops silence first, and speech only when it is very late', () => {
  const { line, microphone } = scene();
  line.waiting = 6 * FRAME_BYTES;
  microphone.take(SILENT);
  assert.equal(line.taken, 0);
  microphone.take(LOUD);
  assert.equal(line.taken, 1);
  line.waiting = 100 * FRAME_BYTES;
  microphone.take(LOUD);
  assert.equal(line.taken, 1);
});

test('a line without a queue gets every frame at once', () => {
  const { line, microphone } = scene();
  line.waiting = undefined;
  microphone.take(SILENT);
  assert.equal(line.taken, 1);
});
