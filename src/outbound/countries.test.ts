import assert from 'node:assert/strict';
import { test } from 'node:test';
import { COUNTRIES, countryOf } from './countries.js';
import { isPremium } from './premium.js';

test('the country of a number is found by the longest beginning that is known', () => {
  for (const [number, country] of [
    ['+12025550123', 'US'],
    ['+14165550123', 'CA'],
    ['+18765550123', 'JM'],
    ['+18095550123', 'DO'],
    ['+17875550123', 'PR'],
    ['+442071234567', 'GB'],
    ['+447781123456', 'GG'],
    ['+447624123456', 'IM'],
    ['+4930123456', 'DE'],
    ['+41441234567', 'CH'],
    ['+79161234567', 'RU'],
    ['+77011234567', 'KZ'],
    ['+390612345678', 'IT'],
    ['+3906698123', 'VA'],
    ['+61891641234', 'CX'],
    ['+61812345678', 'AU'],
    ['+59991234567', 'CW'],
    ['+262692123456', 'RE'],
    ['+262639123456', 'YT'],
    ['+998901234567', 'UZ'],
  ] as const)
    assert.equal(countryOf(number), country, number);
});

test('numbers of no country have none', () => {
  for (const number of [
    '+870123456789',
    '+881612345678',
    '+882161234567',
    '+979123456789',
    '+80012345678',
    '+2101234567',
  ])
    assert.equal(countryOf(number), undefined, number);
  // Too long and too short for North America, and an area code that cannot be.
  for (const number of ['+120255501234', '+1202555012', '+11025550123'])
    assert.equal(countryOf(number), undefined, number);
});

test('every country is written as two letters, and there are as many as there should be', () => {
  for (const country of COUNTRIES) assert.match(country, /^[A-Z]{2}$/);
  assert.ok(COUNTRIES.size > 220 && COUNTRIES.size < 250, String(COUNTRIES.size));
});

test('ranges that cost more are known, and telephones beside them are not among them', () => {
  for (const number of [
    '+19005550123',
    '+12029765555',
    '+15005550123',
    '+449011234567',
    '+448711234567',
    '+447012345678',
    '+499001234567',
    '+491371234567',
    '+33899123456',
    '+39899123456',
    '+41900123456',
    '+35315201234567'.slice(0, 14),
  ])
    assert.ok(isPremium(number), number);
  for (const number of [
    '+12025550123',
    '+442071234567',
    '+447624123456',
    '+447911123456',
    '+441181234567',
    '+499061234567',
    '+4915112345678',
    '+33123456789',
    '+390612345678',
    '+393331234567',
    '+41441234567',
    '+35315201234',
    '+31182123456',
  ])
    assert.ok(!isPremium(number), number);
});
