import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeClock } from '../../test/support/fake-clock.js';
import type { CallRow } from './messages.js';
import { RemoteCalls } from './remote-calls.js';

const row = (callSid: string, instance: string): CallRow => ({
  callSid,
  instance,
  state: 'talking',
  provider: 'openai',
  startedAt: 0,
  direction: 'inbound',
  from: '…',
  to: '…',
  turns: 0,
  bargeIns: 0,
  lastTurnMs: null,
  quietForMs: 0,
  escalation: null,
  tape: false,
});

test('an instance that is silent for ten seconds leaves its rows in doubt, until it speaks again', () => {
  const clock = new FakeClock();
  const remote = new RemoteCalls(clock);
  assert.deepEqual(remote.update('a', { calls: [row('CA1', 'a'), row('CA2', 'a')], gone: [] }), ['CA1', 'CA2']);
  clock.advance(9999);
  assert.deepEqual(remote.sweep(), []);
  clock.advance(1);
  assert.deepEqual(remote.sweep(), ['CA1', 'CA2']);
  assert.deepEqual(remote.sweep(), []);
  assert.equal(remote.row('CA1')?.silent, true);
  assert.deepEqual(remote.update('a', { calls: [], gone: ['CA2'] }), ['CA1', 'CA2', 'CA2']);
  assert.equal(remote.row('CA1')?.silent, undefined);
  assert.equal(remote.row('CA2'), undefined);
});

test('rows in doubt are not removed, but forgotten after five minutes', () => {
  const clock = new FakeClock();
  const remote = new RemoteCalls(clock);
  remote.update('a', { calls: [row('CA1', 'a')], gone: [] });
  clock.advance(299_999);
  remote.sweep();
  assert.equal(remote.row('CA1')?.silent, true);
  clock.advance(1);
  assert.deepEqual(remote.sweep(), ['CA1']);
  assert.deepEqual([remote.row('CA1'), remote.callSids], [undefined, []]);
});

test('a process that comes under the name of one that died does not answer for its calls', () => {
  const remote = new RemoteCalls(new FakeClock());
  remote.update('a', { calls: [row('CA1', 'a'), row('CA2', 'a')], gone: [] });
  assert.deepEqual(remote.lost('a'), ['CA1', 'CA2']);
  assert.deepEqual(remote.lost('a'), []);
  remote.update('a', { calls: [row('CA1', 'a')], gone: [] });
  assert.deepEqual([remote.row('CA1')?.silent, remote.row('CA2')?.silent], [undefined, true]);
});

test('of two instances that have a call the living one counts', () => {
  const remote = new RemoteCalls(new FakeClock());
  remote.update('a', { calls: [row('CA1', 'a')], gone: [] });
  remote.update('b', { calls: [row('CA1', 'b')], gone: [] });
  remote.lost('a');
  assert.deepEqual([remote.row('CA1')?.instance, remote.row('CA1')?.silent], ['b', undefined]);
});

test('a call that another instance took over and ended is gone, although the first one died with it', () => {
  const remote = new RemoteCalls(new FakeClock());
  remote.update('a', { calls: [row('CA1', 'a'), row('CA2', 'a')], gone: [] });
  remote.lost('a');
  remote.update('b', { calls: [row('CA1', 'b')], gone: [] });
  remote.update('b', { calls: [], gone: ['CA1'] });
  assert.equal(remote.row('CA1'), undefined);
  remote.takenFromLost('CA2');
  assert.equal(remote.row('CA2'), undefined);
});
