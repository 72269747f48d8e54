import assert from 'node:assert/strict';
import { test } from 'node:test';
import { VirtualClock } from './virtual-clock.js';

const settle = (): Promise<void> => Promise.resolve();

test('timers fire in the order of their time, also those that other timers set', async () => {
  const clock = new VirtualClock({ beginMs: 0, startedAtMs: 1000 }, []);
  const fired: string[] = [];
  for (const [name, ms] of [
    ['c', 30],
    ['a', 10],
    ['b', 10],
  ] as const)
    clock.setTimer(ms, () => fired.push(name));
  clock.setTimer(20, () => clock.setTimer(5, () => fired.push('inner')));
  clock.setTimer(15, () => fired.push('cancelled')).cancel();
  await clock.advanceTo(100, settle);
  assert.deepEqual(fired, ['a', 'b', 'inner', 'c']);
  assert.deepEqual([clock.now(), clock.epochMs()], [100, 1100]);
});

test('a timer that is on the tape fires when it did, and not when it is due', async () => {
  const clock = new VirtualClock({ beginMs: 77.7, startedAtMs: 0 }, [10.5]);
  const fired: string[] = [];
  clock.setTimer(10.5, () => fired.push('late'));
  clock.setTimer(20, () => fired.push('own'));
  await clock.advanceTo(40, settle);
  assert.deepEqual(fired, ['own']);
  clock.fireRecorded(10.5);
  assert.deepEqual(fired, ['own', 'late']);
});

test('a timer of the tape that today does not exist is passed over', async () => {
  const clock = new VirtualClock({ beginMs: 0, startedAtMs: 0 }, [10]);
  clock.fireRecorded(10);
  let fired = false;
  clock.setTimer(10, () => (fired = true));
  await clock.advanceTo(12, settle);
  assert.ok(fired);
});
