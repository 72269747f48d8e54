import assert from 'node:assert/strict';
import { test } from 'node:test';
import { everyTurn } from './every-turn.js';

const turns = async (count: number): Promise<void> => {
  for (let i = 0; i < count; i++) {
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
  }
};

test('every task runs once a round, the first place rotates, and a stopped task does not run', async () => {
  const called: string[] = [];
  const stops = ['a', 'b', 'c'].map((name) => everyTurn(() => called.push(name)));
  await turns(10);
  const rounds = called.join('').match(/.{3}/g) ?? [];
  assert.ok(rounds.length >= 9, `${rounds.length} rounds`);
  for (const round of rounds) assert.deepEqual(round.split('').toSorted(), ['a', 'b', 'c']);
  const firsts = rounds.slice(0, 9).map((round) => round[0]);
  for (const name of 'abc') assert.equal(firsts.filter((first) => first === name).length, 3);
  stops[1]?.();
  called.length = 0;
  await turns(4);
  assert.equal(called.includes('b'), false);
  assert.ok(called.length >= 6);
  for (const stop of stops) stop();
  await turns(2);
  called.length = 0;
  await turns(2);
  assert.deepEqual(called, []);
});

test('a task that is added right after others were stopped still runs once a round', async () => {
  let calls = 0;
  for (let i = 0; i < 5; i++) everyTurn(() => undefined)();
  const stop = everyTurn(() => calls++);
  await turns(10);
  stop();
  assert.ok(calls >= 9 && calls <= 11, `${calls} calls`);
});
