import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OpeningHours, hoursSchema } from './opening-hours.js';

function hours(timezone: string, week: object, closedOn: string[] = []): (utc: string) => boolean {
  const opening = new OpeningHours(hoursSchema.parse({ timezone, week, closedOn }));
  return (utc) => opening.isOpen(Date.parse(utc));
}

test('opening hours include their first minute and exclude the one they end at, on the named days only', () => {
  const isOpen = hours('Etc/UTC', { mon: ['08:00-12:00', '13:00-17:30'] });
  const monday = '2026-11-23';
  assert.ok(!isOpen(`${monday}T07:59:59Z`));
  assert.ok(isOpen(`${monday}T08:00:00Z`));
  assert.ok(isOpen(`${monday}T11:59:59Z`));
  assert.ok(!isOpen(`${monday}T12:00:00Z`));
  assert.ok(isOpen(`${monday}T17:29:59Z`));
  assert.ok(!isOpen(`${monday}T17:30:00Z`));
  assert.ok(!isOpen('2026-11-24T09:00:00Z'));
});

test('opening hours follow local time before and after daylight saving begins and ends', () => {
  const isOpen = hours('Europe/Berlin', { fri: ['09:00-17:00'], mon: ['09:00-17:00'] });
  // Winter, UTC+1, until 29 March 2026; then summer, UTC+2, until 25 October.
  assert.ok(!isOpen('2026-03-27T07:30:00Z'));
  assert.ok(isOpen('2026-03-27T08:30:00Z'));
  assert.ok(isOpen('2026-03-30T07:30:00Z'));
  assert.ok(!isOpen('2026-03-30T15:30:00Z'));
  assert.ok(isOpen('2026-10-23T07:30:00Z'));
  assert.ok(!isOpen('2026-10-26T07:30:00Z'));
  assert.ok(isOpen('2026-10-26T15:30:00Z'));
});

test('opening hours omit the hour that daylight saving skips, and include the repeated hour twice', () => {
  const isOpen = hours('America/New_York', { sun: ['01:30-02:30'] });
  // 8 March 2026: after 01:59:59 comes 03:00:00.
  assert.ok(isOpen('2026-03-08T06:59:00Z'));
  assert.ok(!isOpen('2026-03-08T07:00:00Z'));
  // 1 November 2026: 01:30 comes at 05:30Z and at 06:30Z.
  assert.ok(isOpen('2026-11-01T05:30:00Z'));
  assert.ok(!isOpen('2026-11-01T06:00:00Z'));
  assert.ok(isOpen('2026-11-01T06:30:00Z'));
});

test('opening hours use the date of their time zone, not of UTC', () => {
  const isOpen = hours('Asia/Kolkata', { mon: ['00:00-06:00'] });
  assert.ok(isOpen('2026-11-22T20:00:00Z'));
  assert.ok(!isOpen('2026-11-23T20:00:00Z'));
});

test('opening hours past midnight belong to the day on which they begin, also if that day is closed', () => {
  const isOpen = hours('Etc/UTC', { fri: ['22:00-06:00'], sat: ['12:00-24:00'] }, ['2026-11-27', '2026-12-05']);
  assert.ok(isOpen('2026-11-20T23:00:00Z'));
  assert.ok(isOpen('2026-11-21T05:59:00Z'));
  assert.ok(!isOpen('2026-11-21T06:00:00Z'));
  assert.ok(isOpen('2026-11-21T23:59:59Z'));
  assert.ok(!isOpen('2026-11-22T00:00:00Z'));
  assert.ok(!isOpen('2026-11-20T05:00:00Z'));
  // Friday the 27th is closed, and with it the morning after. The 5th of December is a Saturday.
  assert.ok(!isOpen('2026-11-27T23:00:00Z'));
  assert.ok(!isOpen('2026-11-28T05:00:00Z'));
  assert.ok(isOpen('2026-11-28T12:00:00Z'));
  assert.ok(isOpen('2026-12-05T05:00:00Z'));
  assert.ok(!isOpen('2026-12-05T13:00:00Z'));
});

test('opening hours with an invalid time, day, date or time zone are refused', () => {
  const wrong: object[] = [
    { timezone: 'Berlin', week: {} },
    { timezone: '', week: {} },
    { timezone: 'Etc/UTC', week: { monday: ['08:00-12:00'] } },
    { timezone: 'Etc/UTC', week: { mon: ['8-12'] } },
    { timezone: 'Etc/UTC', week: { mon: ['08:00-08:00'] } },
    { timezone: 'Etc/UTC', week: { mon: ['08:00-24:30'] } },
    { timezone: 'Etc/UTC', week: {}, closedOn: ['2026-02-30'] },
  ];
  for (const value of wrong) assert.ok(!hoursSchema.safeParse(value).success, JSON.stringify(value));
});
