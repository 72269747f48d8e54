import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeClock } from '../../../test/support/fake-clock.js';
import { watchDial } from './dial-monitor.js';

const LOOK_MS = 5 * 60_000;

function watched(answers: (boolean | undefined)[] | undefined) {
  const clock = new FakeClock();
  const told: string[] = [];
  const timer = watchDial({
    clock,
    isOver: answers && (async () => answers.shift()),
    onOver: () => told.push('over'),
    onExpired: () => told.push('expired'),
  });
  const pass = async (looks: number): Promise<void> => {
    for (let look = 0; look < looks; look++) {
      clock.advance(LOOK_MS);
      await new Promise(setImmediate);
    }
  };
  return { clock, told, timer, pass };
}

test('Twilio is asked every five minutes, also when it did not say, until the call is over', async () => {
  const answers = [false, undefined, true, true];
  const { clock, pass, told } = watched(answers);
  await pass(2);
  assert.deepEqual(told, []);
  await pass(1);
  assert.deepEqual(told, ['over']);
  assert.equal(clock.timers, 0);
  await pass(2);
  assert.deepEqual(told, ['over']);
  assert.equal(answers.length, 1);
});

test('who cannot ask waits for the longest dial and its quarter of an hour', async () => {
  const { clock, pass, told } = watched(undefined);
  await pass(50);
  assert.deepEqual(told, []);
  await pass(1);
  assert.deepEqual(told, ['expired']);
  assert.equal(clock.timers, 0);
});

test('an answer that comes after the end of the watch is not told', async () => {
  const { clock, pass, timer, told } = watched([true]);
  clock.advance(LOOK_MS);
  timer.cancel();
  await pass(1);
  assert.deepEqual(told, []);
  assert.equal(clock.timers, 0);
});
