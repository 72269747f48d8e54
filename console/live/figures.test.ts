import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Figures } from './figures.js';

const START_MS = 1_000_000_000_000;
const SECOND_MS = 1000;

const callsOf = (figures: Figures, nowMs: number): (number | undefined)[] =>
  figures.buckets(nowMs).map(({ calls }) => calls);

test('while nothing is told there are as many calls as before, on the chart too', () => {
  const figures = new Figures();
  figures.noteCalls(START_MS, 3);
  figures.noteCalls(START_MS + 40 * SECOND_MS, 4);
  assert.deepEqual(callsOf(figures, START_MS + 60 * SECOND_MS).slice(-8), [undefined, 3, 3, 3, 3, 4, 4, 4]);
});

test('calls that outlast the chart are on it from its begin', () => {
  const figures = new Figures();
  figures.noteCalls(START_MS, 3);
  for (const minutes of [12, 25, 40])
    assert.deepEqual(new Set(callsOf(figures, START_MS + minutes * 60 * SECOND_MS)), new Set([3]));
});
