import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeClock } from '../../test/support/fake-clock.js';
import { Lifetime } from './lifetime.js';

test('call time runs faster than the clock by the factor of its speed', async () => {
  for (const [speed, clockMs] of [
    [1, 1000],
    [10, 100],
  ] as const) {
    const clock = new FakeClock();
    const life = new Lifetime(clock, speed);
    let passed: boolean | undefined;
    void life.pass(1000).then((did) => (passed = did));
    clock.advance(clockMs - 1);
    await Promise.resolve();
    assert.equal(passed, undefined);
    clock.advance(1);
    await Promise.resolve();
    assert.equal(passed, true);
  }
});

test('a wait ends with its lifetime and leaves no timer', async () => {
  const clock = new FakeClock();
  const life = new Lifetime(clock, 1);
  const passed = life.pass(1000);
  life.end();
  assert.equal(await passed, false);
  assert.equal(clock.timers, 0);
  assert.equal(await life.pass(1000), false);
});
