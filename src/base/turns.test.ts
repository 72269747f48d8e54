import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Turns } from './turns.js';

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('work runs in order, no more than so many pieces in one turn', async () => {
  const turns = new Turns(2);
  const done: number[] = [];
  const all = Promise.all([1, 2, 3, 4, 5].map((piece) => turns.run(() => done.push(piece))));
  assert.deepEqual(done, []);
  const seen: number[] = [];
  for (let turn = 0; turn < 3; turn++) {
    await nextTurn();
    seen.push(done.length);
  }
  assert.deepEqual(seen, [2, 4, 5]);
  assert.deepEqual(done, [1, 2, 3, 4, 5]);
  await all;
});

test('work that is requested while other work runs or after all has run gets its turn', async () => {
  const turns = new Turns(1);
  const inner = turns.run(() => turns.run(() => 'inner'));
  assert.equal(await inner, 'inner');
  assert.equal(await turns.run(() => 'later'), 'later');
});

test('work that throws rejects for its own caller only', async () => {
  const turns = new Turns(3);
  const wrong = turns.run(() => {
    throw new Error('wrong');
  });
  const right = turns.run(() => 'right');
  await assert.rejects(wrong, /wrong/);
  assert.equal(await right, 'right');
});
