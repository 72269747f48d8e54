import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeClock } from '../../../test/support/fake-clock.js';
import { type EntryEnd, SecretEntry } from './secret-entry.js';

/** An entry of four digits whose question has been asked, and what becomes of it. */
function entryOf({ length }: { length: number | undefined } = { length: 4 }): {
  clock: FakeClock;
  entry: SecretEntry;
  asked: boolean[];
  type: (keys: string) => void;
  end: () => Promise<EntryEnd>;
} {
  const clock = new FakeClock();
  const asked: boolean[] = [];
  const entry = new SecretEntry({ clock, length, ask: (isAgain) => asked.push(isAgain) });
  entry.begin();
  return {
    clock,
    entry,
    asked,
    type: (keys) => {
      for (const key of keys) entry.press(key);
    },
    end: async () => {
      const end = await entry.end;
      assert.equal(clock.timers, 0, 'no timer is left');
      return end;
    },
  };
}

test('a secret of a known length ends with its last digit', async () => {
  const { end, type } = entryOf();
  type('1234');
  assert.deepEqual(await end(), { is: 'entered', digits: '1234' });
});

test('a secret of an unknown length ends with the hash key, or with the longest one', async () => {
  const one = entryOf({ length: undefined });
  one.type('12345#');
  assert.deepEqual(await one.end(), { is: 'entered', digits: '12345' });
  const long = entryOf({ length: undefined });
  long.type('7'.repeat(40));
  assert.deepEqual(await long.end(), { is: 'entered', digits: '7'.repeat(32) });
});

test('a star takes back what was typed, and gives up before the first digit', async () => {
  const { end, type } = entryOf();
  type('99*1234');
  assert.deepEqual(await end(), { is: 'entered', digits: '1234' });
  const other = entryOf();
  other.type('9**');
  assert.deepEqual(await other.end(), { is: 'gave_up' });
});

test('letters of a keypad and keys before the question are no digits', async () => {
  const clock = new FakeClock();
  const entry = new SecretEntry({ clock, length: 3, ask: () => undefined });
  for (const key of '98') entry.press(key);
  entry.begin();
  for (const key of '1A2D3') entry.press(key);
  assert.deepEqual(await entry.end, { is: 'entered', digits: '123' });
});

test('too few digits, or ten seconds without a key, lead to the next question, and the third one is the last', async () => {
  const { asked, clock, end, type } = entryOf();
  type('12#');
  assert.deepEqual(asked, [false, true]);
  type('12');
  clock.advance(9_999);
  assert.equal(asked.length, 2);
  clock.advance(1);
  assert.deepEqual(asked, [false, true, true]);
  clock.advance(20_000);
  assert.deepEqual(await end(), { is: 'gave_up' });
});

test('a caller who types for ever gives up after a minute and a half', async () => {
  const { clock, end, type } = entryOf();
  for (let seconds = 0; seconds < 95; seconds += 5) {
    type('1*');
    type('1');
    clock.advance(5000);
  }
  assert.deepEqual(await end(), { is: 'gave_up' });
});

test('what was typed before the caller spoke or left is thrown away', async () => {
  const spoken = entryOf();
  spoken.type('12');
  spoken.entry.spoke();
  spoken.type('34');
  assert.deepEqual(await spoken.end(), { is: 'spoke' });
  const left = entryOf();
  left.type('123');
  left.entry.leave();
  left.type('4');
  assert.deepEqual(await left.end(), { is: 'left' });
});
