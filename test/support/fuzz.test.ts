import assert from 'node:assert/strict';
import { setTimeout } from 'node:timers/promises';
import { test } from 'node:test';
import fc from 'fast-check';
import { fuzz } from './fuzz.js';

/** Runs `body` with other settings of the random input. */
async function withSettings(settings: Readonly<Record<string, string>>, body: () => Promise<void>): Promise<void> {
  const before = { ...process.env };
  Object.assign(process.env, settings);
  try {
    await body();
  } finally {
    for (const name of Object.keys(settings)) {
      if (before[name] === undefined) delete process.env[name];
      else process.env[name] = before[name];
    }
  }
}

test('a failure of random input shows its seed and the smallest input that fails', () =>
  withSettings({ FUZZ_SEED: '7' }, () =>
    assert.rejects(
      fuzz(fc.nat(1000), (value) => assert.ok(value < 10)),
      (error) => {
        assert.match(String(error), /seed: 7, /);
        assert.match(String(error), /Counterexample: \[10\]/);
        return true;
      },
    ),
  ));

test('a random seed is shown before the first input, because a run that hangs shows nothing later', (t) =>
  withSettings({ FUZZ_SEED: 'random' }, async () => {
    const shown = t.mock.method(console, 'error', () => undefined);
    await fuzz(fc.nat(), () => assert.equal(shown.mock.callCount(), 1), { runs: 2 });
    assert.match(String(shown.mock.calls[0]?.arguments[0]), /^FUZZ_SEED=\d+$/);
  }));

test('inputs that once failed are tried first', async () => {
  const tried: number[] = [];
  await fuzz(fc.constant(0), (value) => void tried.push(value), { found: [5, 6], runs: 3 });
  assert.deepEqual(tried, [5, 6, 0]);
});

test('no further inputs are tried once the time is over', () =>
  withSettings({ FUZZ_RUNS: '0.1' }, async () => {
    let tried = 0;
    await fuzz(fc.nat(), async () => {
      tried++;
      await setTimeout(50);
    });
    assert.ok(tried > 0 && tried < 20, `${tried} inputs`);
  }));
