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

test('the gateway asks Twilio about a dialled call every five minutes until Twilio says that it is over', async () => {
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

test('without credentials a dialled call is given up a quarter of an hour after the longest dial', async () => {
  const { clock, pass, told } = watched(undefined);
  await pass(50);
  assert.deepEqual(told, []);
  await pass(1);
  assert.deepEqual(told, ['expired']);
  assert.equal(clock.timers, 0);
});

test('an answer of Twilio that arrives after the dial is over changes nothing', async () => {
  const { clock, pass, timer, told } = watched([true]);
  clock.advance(LOOK_MS);
  timer.cancel();
  await pass(1);
  assert.deepEqual(told, []);
  assert.equal(clock.timers, 0);
});
