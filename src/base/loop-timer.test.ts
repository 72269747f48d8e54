import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeClock } from '../../test/support/fake-clock.js';
import { setLoopTimer } from './loop-timer.js';

test('a loop timer fires after its delay on a loop that keeps up, and leaves nothing behind', () => {
  const clock = new FakeClock();
  let fired = 0;
  setLoopTimer(clock, 120, () => fired++);
  clock.advance(119);
  assert.equal(fired, 0);
  clock.advance(1);
  assert.equal(fired, 1);
  assert.equal(clock.timers, 0);
});

test('a loop timer counts a block of the loop as one short part of its delay', () => {
  const clock = new FakeClock();
  let fired = 0;
  setLoopTimer(clock, 500, () => fired++);
  clock.stall(60_000);
  assert.equal(fired, 0);
  clock.advance(449);
  assert.equal(fired, 0);
  clock.advance(1);
  assert.equal(fired, 1);
});

test('a cancelled loop timer does not fire, whichever part of it runs', () => {
  const clock = new FakeClock();
  const timer = setLoopTimer(clock, 500, () => assert.fail('fired'));
  clock.advance(230);
  timer.cancel();
  clock.advance(1000);
  assert.equal(clock.timers, 0);
});
