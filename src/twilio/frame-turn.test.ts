import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FrameTurn, MOST_TOGETHER } from './frame-turn.js';

function rig() {
  const taken: string[] = [];
  const errors: unknown[] = [];
  const turn = new FrameTurn((error) => errors.push(error));
  const stream = (name: string) => ({
    takeFrame: (payload: string, receivedMs: number) => void taken.push(`${name} ${payload} ${receivedMs}`),
  });
  const next = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));
  return { turn, taken, errors, stream, next };
}

test('frames of one turn are passed on together, in the order in which they came', async () => {
  const { next, stream, taken, turn } = rig();
  const [a, b] = [stream('a'), stream('b')];
  turn.add(a, 'one', 1);
  turn.add(b, 'two', 2);
  turn.add(a, 'three', 3);
  assert.deepEqual(taken, [], 'reading goes on first');
  await next();
  assert.deepEqual(taken, ['a one 1', 'b two 2', 'a three 3']);
  turn.add(b, 'four', 4);
  await next();
  assert.equal(taken.at(-1), 'b four 4');
  assert.equal(taken.length, 4);
});

test('many frames of one turn are passed on a few at a time, so that the first does not wait for the last', async () => {
  const { next, stream, taken, turn } = rig();
  const a = stream('a');
  for (let i = 1; i < MOST_TOGETHER; i++) turn.add(a, 'frame', i);
  assert.equal(taken.length, 0);
  turn.add(a, 'frame', MOST_TOGETHER);
  assert.equal(taken.length, MOST_TOGETHER, 'at once, without waiting for the end of the turn');
  turn.add(a, 'frame', MOST_TOGETHER + 1);
  await next();
  assert.deepEqual(
    taken,
    Array.from({ length: MOST_TOGETHER + 1 }, (_, i) => `a frame ${i + 1}`),
  );
});

test('a frame that is added while frames are passed on has the next turn', async () => {
  const { next, stream, taken, turn } = rig();
  const late = stream('late');
  turn.add({ takeFrame: () => turn.add(late, 'more', 2) }, 'one', 1);
  await next();
  await next();
  assert.deepEqual(taken, ['late more 2']);
});

test('a taker that throws costs no other stream its frame', async () => {
  const { errors, next, stream, taken, turn } = rig();
  const fault = new Error('broken');
  turn.add(
    {
      takeFrame: () => {
        throw fault;
      },
    },
    'one',
    1,
  );
  turn.add(stream('a'), 'two', 2);
  await next();
  assert.deepEqual(taken, ['a two 2']);
  assert.deepEqual(errors, [fault]);
});
