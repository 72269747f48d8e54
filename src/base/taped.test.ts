import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sleep, systemClock } from './clock.js';
import { type ValueTape, taped, tapedSecret, tapeHere, withTape } from './taped.js';

const tapeOf = (name: string): ValueTape => ({
  value: <T>() => name as T,
  secret: () => `${name}'s secret`,
});

test('without a tape, values are drawn as ever', () => {
  assert.equal(
    taped('id', () => 7),
    7,
  );
  assert.equal(
    tapedSecret('token', () => 'drawn'),
    'drawn',
  );
  assert.equal(tapeHere(), undefined);
});

test('two calls at the same time each get the values of their own tape, also after a wait', async () => {
  const draw = async (): Promise<string[]> => {
    const before = taped('id', () => 'none');
    await sleep(systemClock, 1);
    return [before, taped('id', () => 'none'), tapedSecret('token', () => 'none')];
  };
  const [a, b] = await Promise.all([withTape(tapeOf('a'), draw), withTape(tapeOf('b'), draw)]);
  assert.deepEqual(a, ['a', 'a', "a's secret"]);
  assert.deepEqual(b, ['b', 'b', "b's secret"]);
});
