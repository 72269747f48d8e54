import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeClock } from '../../../test/support/fake-clock.js';
import { EscalationWatch } from '../../escalation/watch.js';
import { DtmfCollector } from './dtmf-collector.js';

function collector(humanDigit?: string) {
  const clock = new FakeClock();
  const numbers: string[] = [];
  const dtmf = new DtmfCollector({
    clock,
    escalationWatch: new EscalationWatch(humanDigit === undefined ? {} : { humanDigit }),
  });
  dtmf.onNumber = (digits) => numbers.push(digits);
  return { clock, numbers, dtmf, press: (keys: string) => Array.from(keys, (key) => dtmf.press(key)) };
}

test('a number the caller types ends with # or with a pause', () => {
  const { clock, numbers, press } = collector();
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

test('the key 0 asks for a human, but not inside a number', () => {
  const { numbers, press } = collector();
  assert.equal(press('0')[0]?.trigger, 'keypad');
  assert.deepEqual(press('1020#'), [undefined, undefined, undefined, undefined, undefined]);
  assert.deepEqual(numbers, ['1020']);
});

test('the key that asks for a human can be another one, or none', () => {
  assert.equal(collector('9').press('9')[0]?.reason, 'requested_human');
  const off = collector('');
  assert.deepEqual(off.press('0#'), [undefined, undefined]);
  assert.deepEqual(off.numbers, ['0']);
});

test('a key pressed 500 times makes a number of 32 digits, and closing drops unfinished digits', () => {
  const { clock, dtmf, numbers, press } = collector();
  press('1'.repeat(500));
  press('#');
  assert.equal(numbers[0]?.length, 32);
  press('12');
  dtmf.close();
  clock.advance(5000);
  assert.deepEqual([numbers.length, clock.timers], [1, 0]);
});
