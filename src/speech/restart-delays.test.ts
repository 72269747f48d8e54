import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RestartDelays } from './restart-delays.js';

test('a thread that dies again and again restarts ever later, and always restarts', () => {
  const delays = new RestartDelays();
  const waits = Array.from({ length: 10 }, (_, index) => delays.afterDeath(index));
  assert.deepEqual(waits, [0, 0, 1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000]);
});

test('deaths of more than ten minutes ago do not delay the restart of a thread', () => {
  const delays = new RestartDelays();
  for (let index = 0; index < 9; index++) delays.afterDeath(0);
  assert.equal(delays.afterDeath(600_000), 0);
});
