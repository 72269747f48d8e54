import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Sortable, fits, kept, ordered } from './order.js';

const call = (fields: Partial<Sortable['call']>, quietSinceMs?: number): Sortable => ({
  call: {
    callSid: 'CA1',
    startedAt: 0,
    lastTurnMs: null,
    state: 'talking',
    provider: 'openai',
    instance: 'w2',
    from: '+12025550123',
    to: '+15005550006',
    escalation: null,
    ...fields,
  },
  quietSinceMs,
});

test('the list of calls is sorted by age, by silence and by the last turn, and calls that are alike keep their order', () => {
  const calls = [
    call({ callSid: 'a', startedAt: 100, lastTurnMs: 600 }),
    call({ callSid: 'b', startedAt: 300 }, 5000),
    call({ callSid: 'c', startedAt: 200, lastTurnMs: 1100 }, 1000),
    call({ callSid: 'd', startedAt: 100 }),
  ];
  assert.deepEqual(ordered(calls, 'newest'), ['b', 'c', 'a', 'd']);
  assert.deepEqual(ordered(calls, 'longest'), ['d', 'a', 'c', 'b']);
  assert.deepEqual(ordered(calls, 'quiet'), ['c', 'b', 'a', 'd']);
  assert.deepEqual(ordered(calls, 'slowest'), ['c', 'a', 'b', 'd']);
  assert.deepEqual(ordered(calls.toReversed(), 'quiet'), ['c', 'b', 'a', 'd']);
});

test('the filter of the list finds the end of a CallSid, a part of a number, a state, a provider, an instance and a reason', () => {
  const one = call({
    callSid: 'CA00ffA4f2C91',
    from: '+4930…18',
    escalation: { trigger: 'phrase', reason: 'billing', atMs: 1 },
  });
  for (const query of [
    '',
    '  ',
    '4f2c91',
    '…4F2C91',
    '4930',
    '+4930',
    '(49)30',
    'talk',
    'OpenAI',
    'w2',
    'bill',
    'open 2c91',
  ])
    assert.equal(fits(one, query), true, query);
  for (const query of ['4f2c9', 'nova', '777', 'open nova', '…', '-', 'alking'])
    assert.equal(fits(one, query), false, query);
  assert.equal(fits(one, 'spricht', 'spricht'), true);
});

test('an order that is kept still shows every call once, the new ones at its end', () => {
  assert.deepEqual(kept(['a', 'b', 'c'], ['d', 'c', 'a', 'e']), ['a', 'b', 'c', 'd', 'e']);
});
