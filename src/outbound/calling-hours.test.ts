import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isTimeZone, isWithin, nextWithin, parseHours, zoneOf } from './calling-hours.js';

const NINE_TO_EIGHT = { from: 9, until: 20 };
const at = (text: string): number => Date.parse(text);

test('hours are whole and within one day', () => {
  assert.deepEqual(parseHours('09:00-20:00'), NINE_TO_EIGHT);
  assert.deepEqual(parseHours('00:00-24:00'), { from: 0, until: 24 });
  for (const text of ['', '9:00-20:00', '09:30-20:00', '09:00-09:00', '20:00-08:00', '09:00-25:00', '24:00-24:00'])
    assert.equal(parseHours(text), undefined, text);
});

test('the hours of a person hold on their own clock, also beyond daylight saving', () => {
  for (const [time, zone, isNow] of [
    ['2026-01-15T07:59:59Z', 'Europe/Berlin', false],
    ['2026-01-15T08:00:00Z', 'Europe/Berlin', true],
    ['2026-07-15T07:00:00Z', 'Europe/Berlin', true],
    ['2026-07-15T17:59:59Z', 'Europe/Berlin', true],
    ['2026-07-15T18:00:00Z', 'Europe/Berlin', false],
    ['2026-07-15T03:29:00Z', 'Asia/Kolkata', false],
    ['2026-07-15T03:30:00Z', 'Asia/Kolkata', true],
  ] as const)
    assert.equal(isWithin(NINE_TO_EIGHT, zone, at(time)), isNow, time);
});

test('the next hours are found, on the same day or the next, and over a change of the clock', () => {
  for (const [time, zone, expected] of [
    ['2026-01-15T05:07:00Z', 'Europe/Berlin', '2026-01-15T08:00:00.000Z'],
    ['2026-01-15T19:00:00Z', 'Europe/Berlin', '2026-01-16T08:00:00.000Z'],
    ['2026-03-28T20:00:00Z', 'Europe/Berlin', '2026-03-29T07:00:00.000Z'],
    ['2026-07-15T01:00:00Z', 'Asia/Kathmandu', '2026-07-15T03:15:00.000Z'],
  ] as const)
    assert.equal(new Date(nextWithin(NINE_TO_EIGHT, zone, at(time))).toISOString(), expected, time);
  // A day that lacks the hour at which calls may begin.
  const twoToThree = { from: 2, until: 3 };
  const next = nextWithin(twoToThree, 'Europe/Berlin', at('2026-03-28T23:00:00Z'));
  assert.equal(new Date(next).toISOString(), '2026-03-30T00:00:00.000Z');
});

test('a country has a zone if all its clocks show the same', () => {
  const now = at('2026-07-15T12:00:00Z');
  assert.equal(isWithin(NINE_TO_EIGHT, zoneOf('DE', now) ?? '', now), true);
  for (const country of ['FR', 'GB', 'IN', 'CH', 'JM']) assert.ok(isTimeZone(zoneOf(country, now) ?? ''), country);
  for (const country of ['US', 'CA', 'ES', 'PT', 'AU', 'BR']) assert.equal(zoneOf(country, now), undefined, country);
});

test('only names of time zones are time zones', () => {
  for (const name of ['Europe/Berlin', 'America/New_York', 'UTC']) assert.ok(isTimeZone(name), name);
  for (const name of ['', 'Berlin', 'Europe/Nowhere', '../etc']) assert.ok(!isTimeZone(name), name);
});
