import assert from 'node:assert/strict';
import { test } from 'node:test';
import { identifyingNumber } from './caller-identity.js';

/** What carriers send, with the word it spells on a keypad. */
const WITHHELD = [
  ['+266696687', 'ANONYMOUS'],
  ['+7378742833', 'RESTRICTED'],
  ['+17378742833', 'RESTRICTED after the country code of North America'],
  ['+2562533', 'BLOCKED'],
  ['+8656696', 'UNKNOWN'],
  ['+86282452253', 'UNAVAILABLE'],
  ['+7748283', 'PRIVATE'],
  ['+94844353', 'WITHHELD'],
] as const;

for (const [number, word] of WITHHELD) {
  test(`${number} identifies no caller, because it spells ${word}`, () => {
    assert.equal(identifyingNumber(number), undefined);
  });
}

test('words, SIP addresses, short codes and filler digits identify no caller', () => {
  const senders = ['', 'anonymous', 'Anonymous', 'Restricted', 'unknown', 'unavailable', '266696687', '2025550123'];
  senders.push('sip:anonymous@anonymous.invalid', 'client:ada', '+464', '72345', '+0123456789', '+1234567890123456');
  senders.push('+10000000000', '+11111111111', '+15555555555', '+19999999999', '+10123456789');
  assert.deepEqual(
    senders.filter((from) => identifyingNumber(from) !== undefined),
    [],
  );
});

test('a subscriber number in E.164 form identifies its caller', () => {
  for (const from of [
    '+12025550123',
    '+4915123456789',
    '+26662345678',
    '+79161234567',
    '+8613800138000',
    '+33333333333',
  ])
    assert.equal(identifyingNumber(from), from);
});
