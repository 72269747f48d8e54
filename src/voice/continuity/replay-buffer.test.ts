import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { AudioChunk } from '../../audio/chunk.js';
import { ReplayBuffer } from './replay-buffer.js';

const FRAME_BYTES = 160;

/** Returns frame number `value`, recognisable by its bytes. */
function frame(value: number, sizeBytes = FRAME_BYTES): AudioChunk {
  const bytes = Buffer.alloc(sizeBytes, value % 251);
  const base64 = bytes.toString('base64');
  if (value % 3 === 0) return AudioChunk.fromBytes('mulaw', 8000, bytes);
  if (value % 3 === 1) return AudioChunk.fromBase64('mulaw', 8000, base64);
  return AudioChunk.fromMessage('mulaw', 8000, Buffer.from(`<${base64}>`), 1, 1 + base64.length);
}

function push(replayBuffer: ReplayBuffer, from: number, to: number): void {
  for (let value = from; value < to; value++) replayBuffer.push(frame(value));
}

function keptFrames(replayBuffer: ReplayBuffer): number[] {
  return replayBuffer.kept.map((chunk) => {
    assert.equal(chunk.sizeBytes, FRAME_BYTES);
    return chunk.bytes[0] as number;
  });
}

const frames = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => (from + i) % 251);

describe('the replay buffer', () => {
  test('the replay buffer returns nothing while the caller is silent', () => {
    const replayBuffer = new ReplayBuffer();
    push(replayBuffer, 0, 200);
    assert.deepEqual(replayBuffer.kept, []);
  });

  test('the replay buffer keeps an utterance with the 600 ms before it was noticed', () => {
    const replayBuffer = new ReplayBuffer();
    push(replayBuffer, 0, 100);
    replayBuffer.utteranceStarted();
    push(replayBuffer, 100, 400);
    assert.deepEqual(keptFrames(replayBuffer), frames(70, 400));
  });

  test('the replay buffer keeps two seconds of silence after an utterance, and nothing later', () => {
    const replayBuffer = new ReplayBuffer();
    replayBuffer.utteranceStarted();
    push(replayBuffer, 0, 10);
    replayBuffer.utteranceEnded();
    push(replayBuffer, 10, 300);
    assert.deepEqual(keptFrames(replayBuffer), frames(0, 110));
  });

  test('the replay buffer keeps roughly the last ten seconds of a long time without a session', () => {
    const replayBuffer = new ReplayBuffer();
    replayBuffer.keep();
    push(replayBuffer, 0, 2000);
    const kept = keptFrames(replayBuffer);
    assert.ok(kept.length > 465 && kept.length <= 500, String(kept.length));
    assert.deepEqual(kept, frames(2000 - kept.length, 2000));
  });

  test('the replay buffer forgets an utterance that was understood and keeps the next one from its beginning', () => {
    const replayBuffer = new ReplayBuffer();
    replayBuffer.utteranceStarted();
    push(replayBuffer, 0, 400);
    replayBuffer.forget();
    assert.equal(replayBuffer.hasUtterance, false);
    push(replayBuffer, 500, 505);
    replayBuffer.utteranceStarted();
    assert.deepEqual(keptFrames(replayBuffer), frames(500, 505));
  });

  test('the replay buffer keeps chunks of many seconds whole', () => {
    const replayBuffer = new ReplayBuffer();
    replayBuffer.utteranceStarted();
    replayBuffer.push(frame(1, 40_000));
    replayBuffer.push(frame(2, 40_000));
    replayBuffer.push(frame(3, 30_000));
    const kept = Buffer.concat(replayBuffer.kept.map(({ bytes }) => bytes));
    assert.ok(kept.length >= 70_000);
    assert.equal(kept.at(-30_000), 3);
    assert.equal(kept.at(-30_001), 2);
  });
});
