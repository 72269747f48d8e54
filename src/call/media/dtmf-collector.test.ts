import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeClock } from '../../../test/support/fake-clock.js';
import { EscalationWatch } from '../../escalation/watch.js';
import { DtmfCollector } from './dtmf-collector.js';

function keypadOf(humanDigit?: string) {
  const clock = new FakeClock();
  const numbers: string[] = [];
  const keypad = new DtmfCollector({
    clock,
    watch: new EscalationWatch(humanDigit === undefined ? {} : { humanDigit }),
  });
  keypad.onNumber = (digits) => numbers.push(digits);
  return { clock, numbers, keypad, press: (keys: string) => Array.from(keys, (key) => keypad.press(key)) };
}

test('a number ends with # or with a pause', () => {
  const { clock, numbers, press } = keypadOf();
  press('4711');
  clock.advance(1999);
  assert.deepEqual(numbers, []);
  press('5');
  clock.advance(1999);
  press('12#');
  assert.deepEqual(numbers, ['4711512']);
  press('#');
  press('7');
  clock.advance(2000);
  assert.deepEqual(numbers, ['4711512', '7']);
  assert.equal(clock.timers, 0);
});

test('0 asks for a human, but not inside a number', () => {
  const { numbers, press } = keypadOf();
  assert.equal(press('0')[0]?.trigger, 'keypad');
  assert.deepEqual(press('1020#'), [undefined, undefined, undefined, undefined, undefined]);
  assert.deepEqual(numbers, ['1020']);
});

test('another key, or none, can ask for a human', () => {
  assert.equal(keypadOf('9').press('9')[0]?.reason, 'requested_human');
  const off = keypadOf('');
  assert.deepEqual(off.press('0#'), [undefined, undefined]);
  assert.deepEqual(off.numbers, ['0']);
});

test('a finger resting on a key fills no memory, and closing forgets', () => {
  const { clock, keypad, numbers, press } = keypadOf();
  press('1'.repeat(500));
  press('#');
  assert.equal(numbers[0]?.length, 32);
  press('12');
  keypad.close();
  clock.advance(5000);
  assert.deepEqual([numbers.length, clock.timers], [1, 0]);
});
