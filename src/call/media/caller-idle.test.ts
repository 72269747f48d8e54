import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeClock } from '../../../test/support/fake-clock.js';
import { CallerIdleTimer } from './caller-idle.js';

function watchOf(afterMs = 10_000) {
  const clock = new FakeClock();
  const idle: number[] = [];
  return { clock, idle, watch: new CallerIdleTimer({ clock, afterMs, onIdle: (times) => idle.push(times) }) };
}

test('a caller who says nothing after hearing the last word is noticed, again and again', () => {
  const { clock, idle, watch } = watchOf();
  watch.busy();
  clock.advance(60_000);
  assert.deepEqual(idle, []);
  watch.playedOut();
  clock.advance(9_999);
  assert.deepEqual(idle, []);
  clock.advance(1);
  assert.deepEqual(idle, [1]);
  watch.busy();
  clock.advance(60_000);
  assert.deepEqual(idle, [1]);
  watch.playedOut();
  clock.advance(10_000);
  assert.deepEqual(idle, [1, 2]);
});

test('where nothing is said at first the caller is asked early, once; and not at all if somebody speaks', () => {
  const { clock, idle, watch } = watchOf();
  watch.beginQuiet(0);
  assert.equal(watch.isQuiet, true);
  clock.advance(3_000);
  assert.deepEqual(idle, [1]);
  clock.advance(9_999);
  assert.deepEqual(idle, [1]);
  clock.advance(1);
  assert.deepEqual(idle, [1, 2]);
  const second = watchOf();
  second.watch.busy();
  second.watch.playedOut();
  second.watch.beginQuiet(0);
  second.clock.advance(9_999);
  assert.deepEqual(second.idle, []);
  const late = watchOf();
  late.watch.beginQuiet(1_200);
  late.clock.advance(1_800);
  assert.deepEqual(late.idle, [1], 'the time without a stream counts');
  const later = watchOf();
  later.watch.beginQuiet(8_000);
  later.clock.advance(999);
  assert.deepEqual(later.idle, [], 'they are listened to first');
  later.clock.advance(1);
  assert.deepEqual(later.idle, [1]);
  const off = watchOf(0);
  off.watch.beginQuiet(0);
  off.clock.advance(60_000);
  assert.deepEqual(off.idle, []);
});

test('a line to the caller that broke off is due again soon, a few times', () => {
  const { clock, idle, watch } = watchOf();
  watch.unsaid();
  watch.playedOut();
  clock.advance(10_000);
  assert.deepEqual(idle, [1]);
  watch.busy();
  watch.unsaid();
  // What there was of it has been heard.
  watch.playedOut();
  clock.advance(999);
  assert.deepEqual(idle, [1]);
  clock.advance(1);
  for (let repeat = 2; repeat <= 5; repeat++) {
    assert.deepEqual(
      idle,
      Array.from({ length: repeat }, () => 1),
    );
    watch.unsaid();
    clock.advance(1000);
  }
  assert.equal(idle.length, 6);
  watch.unsaid();
  clock.advance(9_999);
  assert.equal(idle.length, 6, 'nobody can say it');
  clock.advance(1);
  assert.equal(idle.at(-1), 2);
  watch.unsaid();
  clock.advance(1000);
  assert.deepEqual(idle.slice(-2), [2, 2], 'that is another line');
});

test('a caller who speaks in between starts the count again', () => {
  const { clock, idle, watch } = watchOf();
  watch.playedOut();
  clock.advance(10_000);
  watch.playedOut();
  clock.advance(5_000);
  watch.callerSpeaks();
  // The assistant was cut off: what it said is over, the caller still speaks.
  watch.playedOut();
  clock.advance(20_000);
  assert.deepEqual(idle, [1]);
  watch.callerStopped();
  clock.advance(10_000);
  assert.deepEqual(idle, [1, 1]);
});

test('a word or a key starts the time again; words that come late do not stop it', () => {
  const { clock, idle, watch } = watchOf();
  watch.playedOut();
  clock.advance(9_000);
  watch.callerThere();
  clock.advance(9_000);
  assert.deepEqual(idle, []);
  clock.advance(1_000);
  assert.deepEqual(idle, [1]);
});

test('a caller to whom nothing could be said is noticed again all the same', () => {
  const { clock, idle, watch } = watchOf();
  watch.playedOut();
  clock.advance(30_000);
  assert.deepEqual(idle, [1, 2, 3]);
});

test('a speech whose end was missed does not silence it for ever', () => {
  const { clock, idle, watch } = watchOf();
  watch.callerSpeaks();
  clock.advance(70_000);
  assert.deepEqual(idle, [1]);
});

test('switched off or closed it says nothing and leaves no timer', () => {
  for (const { clock, idle, watch } of [watchOf(0), watchOf()]) {
    watch.playedOut();
    watch.callerSpeaks();
    watch.close();
    watch.playedOut();
    watch.callerSpeaks();
    watch.callerStopped();
    clock.advance(100_000);
    assert.deepEqual([idle, clock.timers], [[], 0]);
  }
});
