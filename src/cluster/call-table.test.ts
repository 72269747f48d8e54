import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeClock } from '../../test/support/fake-clock.js';
import { CallTable } from './call-table.js';

const MINUTE_MS = 60_000;

test('a call is with the worker that began it, whoever was assigned it', () => {
  const table = new CallTable(new FakeClock());
  table.assign('CA1', '1');
  assert.equal(table.find('CA1'), '1');
  table.started('CA1', '2');
  assert.equal(table.find('CA1'), '2');
  assert.equal(table.size, 1);
});

test('a live call is remembered for ever, one that is over or never began for a minute', () => {
  const clock = new FakeClock();
  const table = new CallTable(clock);
  table.assign('CA0', '1');
  for (const callSid of ['CA1', 'CA2']) table.started(callSid, '1');
  table.ended('CA2', '1');
  assert.equal(table.size, 2, 'one assigned, one live');
  clock.advance(MINUTE_MS - 1);
  assert.equal(table.find('CA2'), '1');
  clock.advance(1);
  assert.equal(table.find('CA0'), undefined);
  assert.equal(table.find('CA2'), undefined);
  assert.equal(table.find('CA1'), '1');
  assert.equal(table.size, 1);
});

test('what a worker says about a call that another has is of no account', () => {
  const table = new CallTable(new FakeClock());
  table.started('CA1', '1');
  table.started('CA1', '2');
  table.ended('CA1', '1');
  table.forget('CA1', '1');
  assert.equal(table.find('CA1'), '2');
  assert.equal(table.size, 1);
  table.forget('CA1', '2');
  assert.equal(table.find('CA1'), undefined);
});

test('the calls of a worker that is gone are nobody’s', () => {
  const table = new CallTable(new FakeClock());
  table.started('CA1', '1');
  table.started('CA2', '2');
  table.started('CA3', '1');
  table.ended('CA3', '1');
  assert.equal(table.forgetWorker('1'), 1);
  assert.equal(table.find('CA1'), undefined);
  assert.equal(table.find('CA3'), undefined);
  assert.equal(table.find('CA2'), '2');
});

test('the least busy worker is the one with the fewest calls that are not over; of several the first', () => {
  const table = new CallTable(new FakeClock());
  assert.deepEqual(table.byCalls([]), []);
  assert.deepEqual(table.byCalls(['2', '1']), ['2', '1']);
  table.assign('CA1', '2');
  assert.deepEqual(table.byCalls(['2', '1']), ['1', '2']);
  table.started('CA2', '1');
  table.started('CA3', '1');
  table.ended('CA3', '1');
  table.ended('CA2', '1');
  assert.deepEqual(table.byCalls(['2', '1']), ['1', '2']);
});
