import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeClock } from '../../test/support/fake-clock.js';
import { fencedClock } from './fenced-clock.js';

test('a timer that throws costs only itself', () => {
  const clock = new FakeClock();
  const errors: unknown[] = [];
  const fired: number[] = [];
  const fenced = fencedClock(clock, (error) => errors.push(error));
  const error = new Error('in a timer');
  fenced.setTimer(10, () => {
    throw error;
  });
  fenced.setTimer(10, () => fired.push(fenced.now()));
  fenced.setTimer(10, () => assert.fail('it was cancelled')).cancel();
  clock.advance(10);
  assert.deepEqual([errors, fired, clock.timers], [[error], [10], 0]);
  assert.equal(fenced.epochMs(), clock.epochMs());
});
