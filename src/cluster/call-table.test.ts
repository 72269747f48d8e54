import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeClock } from '../../test/support/fake-clock.js';
import { CallTable } from './call-table.js';

const MINUTE_MS = 60_000;

test('a call belongs to the worker that started it, even if another was assigned', () => {
  const table = new CallTable(new FakeClock());
  table.assign('CA1', '1');
  assert.equal(table.find('CA1'), '1');
  table.started('CA1', '2');
  assert.equal(table.find('CA1'), '2');
  assert.equal(table.size, 1);
});

test('the call table keeps a live call, and for a minute one that is over or never started', () => {
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

test("a worker cannot end or forget another worker's call", () => {
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

test('the calls of a worker that is gone have no worker any more', () => {
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

test('workers are sorted by their calls that are not over, and equals keep their order', () => {
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
