import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OpeningHours, hoursSchema } from './opening-hours.js';

function hours(timezone: string, week: object, closedOn: string[] = []): (utc: string) => boolean {
  const opening = new OpeningHours(hoursSchema.parse({ timezone, week, closedOn }));
  return (utc) => opening.isOpen(Date.parse(utc));
}

test('people answer from the first minute to the last, on the days that are named', () => {
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

test('the clock on the wall decides, before and after daylight saving begins and ends', () => {
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

test('the hour that is skipped is nobody’s, and the one that comes twice is open twice', () => {
  const isOpen = hours('America/New_York', { sun: ['01:30-02:30'] });
  // 8 March 2026: after 01:59:59 comes 03:00:00.
  assert.ok(isOpen('2026-03-08T06:59:00Z'));
  assert.ok(!isOpen('2026-03-08T07:00:00Z'));
  // 1 November 2026: 01:30 comes at 05:30Z and at 06:30Z.
  assert.ok(isOpen('2026-11-01T05:30:00Z'));
  assert.ok(!isOpen('2026-11-01T06:00:00Z'));
  assert.ok(isOpen('2026-11-01T06:30:00Z'));
});

test('the date is that of the time zone, not of Greenwich', () => {
  const isOpen = hours('Asia/Kolkata', { mon: ['00:00-06:00'] });
  assert.ok(isOpen('2026-11-22T20:00:00Z'));
  assert.ok(!isOpen('2026-11-23T20:00:00Z'));
});

test('hours past midnight belong to the day they begin on, and so does its being closed', () => {
  const isOpen = hours('Etc/UTC', { fri: ['22:00-06:00'], sat: ['12:00-24:00'] }, ['2026-11-27', '2026-12-05']);
  assert.ok(isOpen('2026-11-20T23:00:00Z'));
  assert.ok(isOpen('2026-11-21T05:59:00Z'));
  assert.ok(!isOpen('2026-11-21T06:00:00Z'));
  assert.ok(isOpen('2026-11-21T23:59:59Z'));
  assert.ok(!isOpen('2026-11-22T00:00:00Z'));
  assert.ok(!isOpen('2026-11-20T05:00:00Z'));
  // Closed on Friday the 27th: also the morning after; the 5th of December is a Saturday.
  assert.ok(!isOpen('2026-11-27T23:00:00Z'));
  assert.ok(!isOpen('2026-11-28T05:00:00Z'));
  assert.ok(isOpen('2026-11-28T12:00:00Z'));
  assert.ok(isOpen('2026-12-05T05:00:00Z'));
  assert.ok(!isOpen('2026-12-05T13:00:00Z'));
});

test('what is no time, no day and no place is refused', () => {
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
