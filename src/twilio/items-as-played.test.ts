import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeClock } from '../../test/support/fake-clock.js';
import { AudioChunk } from '../audio/chunk.js';
import type { ItemAsPlayed } from './items-as-played.js';
import { Playback } from './playback.js';

/** A ledger on a network without delay, whose marks the test returns by hand, in order. */
function ledger() {
  const clock = new FakeClock();
  const items: ItemAsPlayed[] = [];
  const sounds: string[] = [];
  const marks: string[] = [];
  const sink = { sendAudio: () => undefined, sendMark: (name: string) => marks.push(name), sendClear: () => undefined };
  const playback = new Playback({
    clock,
    sink,
    onBegin: () => sounds.push('begins'),
    onIdle: (endedAgoMs) => sounds.push(`ended ${Math.round(endedAgoMs)} ms ago`),
    onItem: (item) => items.push(item),
  });
  return {
    clock,
    items,
    sounds,
    playback,
    play: (itemId: string, ms: number) =>
      playback.play(itemId, AudioChunk.fromBytes('mulaw', 8000, new Uint8Array(ms * 8))),
    /** Returns the next mark, after the time that passes until then. */
    mark: (afterMs: number) => {
      clock.advance(afterMs);
      const name = marks.shift();
      assert.ok(name !== undefined, 'no mark is outstanding');
      playback.onMark(name);
    },
  };
}

test('an item that is heard to its end is reported once, with when it began and when its first mark came', () => {
  const { items, mark, play, playback, sounds } = ledger();
  play('a', 200);
  play('a', 200);
  playback.endItem();
  mark(200);
  assert.deepEqual(items, []);
  mark(200);
  assert.deepEqual(items, [{ itemId: 'a', heardMs: 400, sentMs: 400, beganAgoMs: 400, firstMarkAgoMs: 200 }]);
  playback.endItem();
  assert.equal(items.length, 1);
  assert.deepEqual(sounds, ['begins', 'ended 0 ms ago']);
});

test('an item of a slow model is one item, although the caller heard it in pieces', () => {
  const { clock, items, mark, play, playback, sounds } = ledger();
  play('a', 200);
  mark(200);
  clock.advance(100);
  play('a', 200);
  mark(200);
  assert.deepEqual(items, []);
  playback.endItem();
  assert.deepEqual(items, [{ itemId: 'a', heardMs: 400, sentMs: 400, beganAgoMs: 500, firstMarkAgoMs: 300 }]);
  assert.deepEqual(sounds, ['begins', 'ended 0 ms ago', 'begins', 'ended 0 ms ago']);
});

test('an interruption reports what was heard of each item, also of one that had not begun', () => {
  const { clock, items, play, playback } = ledger();
  play('a', 400);
  play('b', 600);
  clock.advance(100);
  playback.clear();
  assert.deepEqual(
    items.map(({ heardMs, itemId, sentMs }) => ({ itemId, heardMs, sentMs })),
    [
      { itemId: 'a', heardMs: 100, sentMs: 400 },
      { itemId: 'b', heardMs: 0, sentMs: 600 },
    ],
  );
  assert.deepEqual(
    items.map(({ beganAgoMs, firstMarkAgoMs }) => [beganAgoMs, firstMarkAgoMs]),
    [
      [100, undefined],
      [0, undefined],
    ],
  );
  playback.clear();
  playback.close();
  assert.equal(items.length, 2);
});

test('an item that the stream takes with it is reported when the stream closes', () => {
  const { clock, items, play, playback } = ledger();
  play('a', 1000);
  clock.advance(150);
  playback.close();
  playback.close();
  assert.deepEqual(items, [{ itemId: 'a', heardMs: 150, sentMs: 1000, beganAgoMs: 150, firstMarkAgoMs: undefined }]);
});

test('the next item ends an item whose end was never said', () => {
  const { items, mark, play, playback } = ledger();
  play('a', 200);
  play('b', 200);
  mark(200);
  assert.deepEqual(items, []);
  playback.endItem();
  mark(200);
  assert.deepEqual(
    items.map(({ itemId }) => itemId),
    ['a', 'b'],
  );
});

test('silence counts from the end of the audio, not from a mark that was sent late', () => {
  const { clock, mark, play, playback, sounds } = ledger();
  play('a', 100);
  clock.advance(900);
  playback.endStalled();
  mark(50);
  assert.deepEqual(sounds, ['begins', 'ended 850 ms ago']);
});
