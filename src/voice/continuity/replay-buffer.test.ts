import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { AudioChunk } from '../../audio/chunk.js';
import { ReplayBuffer } from './replay-buffer.js';

const FRAME_BYTES = 160;

/** Frame number `value`, told apart by its bytes. */
function frame(value: number, sizeBytes = FRAME_BYTES): AudioChunk {
  const bytes = Buffer.alloc(sizeBytes, value % 251);
  return value % 2 === 0
    ? AudioChunk.fromBytes('mulaw', 8000, bytes)
    : AudioChunk.fromBase64('mulaw', 8000, bytes.toString('base64'));
}

function push(tail: ReplayBuffer, from: number, to: number): void {
  for (let value = from; value < to; value++) tail.push(frame(value));
}

function keptFrames(tail: ReplayBuffer): number[] {
  return tail.kept.map((chunk) => {
    assert.equal(chunk.sizeBytes, FRAME_BYTES);
    return chunk.bytes[0] as number;
  });
}

const frames = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => (from + i) % 251);

describe('the caller audio that a next session hears', () => {
  test('nothing while nobody speaks', () => {
    const tail = new ReplayBuffer();
    push(tail, 0, 200);
    assert.deepEqual(tail.kept, []);
  });

  test('an utterance with the 600 ms before it was noticed', () => {
    const tail = new ReplayBuffer();
    push(tail, 0, 100);
    tail.utteranceStarted();
    push(tail, 100, 400);
    assert.deepEqual(keptFrames(tail), frames(70, 400));
  });

  test('two seconds of the silence after it, and nothing later', () => {
    const tail = new ReplayBuffer();
    tail.utteranceStarted();
    push(tail, 0, 10);
    tail.utteranceEnded();
    push(tail, 10, 300);
    assert.deepEqual(keptFrames(tail), frames(0, 110));
  });

  test('of a long time the last ten seconds, near enough', () => {
    const tail = new ReplayBuffer();
    tail.keep();
    push(tail, 0, 2000);
    const kept = keptFrames(tail);
    assert.ok(kept.length > 465 && kept.length <= 500, String(kept.length));
    assert.deepEqual(kept, frames(2000 - kept.length, 2000));
  });

  test('nothing once it was understood, and the next utterance from its own beginning', () => {
    const tail = new ReplayBuffer();
    tail.utteranceStarted();
    push(tail, 0, 400);
    tail.forget();
    assert.equal(tail.hasUtterance, false);
    push(tail, 500, 505);
    tail.utteranceStarted();
    assert.deepEqual(keptFrames(tail), frames(500, 505));
  });

  test('a message with many seconds in it is kept whole while it is wanted', () => {
    const tail = new ReplayBuffer();
    tail.utteranceStarted();
    tail.push(frame(1, 40_000));
    tail.push(frame(2, 40_000));
    tail.push(frame(3, 30_000));
    const kept = Buffer.concat(tail.kept.map(({ bytes }) => bytes));
    assert.ok(kept.length >= 70_000);
    assert.equal(kept.at(-30_000), 3);
    assert.equal(kept.at(-30_001), 2);
  });
});
