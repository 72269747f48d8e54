import assert from 'node:assert/strict';
import { test } from 'node:test';
import { waitingClock } from '../../test/support/waiting-clock.js';
import { sleep } from './clock.js';
import { SingleFlight } from './single-flight.js';
import { type ValueTape, boundToTape, taped, tapedSecret, tapeHere, withTape } from './taped.js';

const tapeOf = (name: string): ValueTape => ({
  value: (() => name) as ValueTape['value'],
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
    await sleep(waitingClock, 1);
    return [before, taped('id', () => 'none'), tapedSecret('token', () => 'none')];
  };
  const [a, b] = await Promise.all([withTape(tapeOf('a'), draw), withTape(tapeOf('b'), draw)]);
  assert.deepEqual(a, ['a', 'a', "a's secret"]);
  assert.deepEqual(b, ['b', 'b', "b's secret"]);
});

test('what comes from outside a call later can run as a part of it', () => {
  const inTape = withTape(tapeOf('a'), () => boundToTape());
  assert.equal(
    inTape(() => taped('id', () => 'none')),
    'a',
  );
  assert.equal(
    boundToTape()(() => taped('id', () => 'none')),
    'none',
  );
});

test('a result that another call has brought is a value of the tape', async () => {
  const flight = new SingleFlight<string>({ clock: waitingClock, rememberedMs: 60_000, maxEntries: 9 });
  const values: unknown[] = [];
  const recording: ValueTape = {
    ...tapeOf('a'),
    value: (_name, make) => {
      const value = make();
      values.push(value);
      return value;
    },
  };
  await withTape(recording, () => flight.get('key', () => Promise.resolve('brought')));
  await withTape(recording, () => flight.get('key', () => Promise.reject(new Error('asked again'))));
  assert.deepEqual(values, [undefined, { value: 'brought' }]);
  const replay: ValueTape = { ...tapeOf('a'), value: (() => ({ value: 'recorded' })) as ValueTape['value'] };
  const fresh = new SingleFlight<string>({ clock: waitingClock, rememberedMs: 60_000, maxEntries: 9 });
  assert.equal(await withTape(replay, () => fresh.get('key', () => Promise.resolve('asked'))), 'recorded');
});
