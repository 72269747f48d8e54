import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import type { HandoverStore, Redemption } from '../../src/handover/store.js';
import { NOW_SECONDS, sampleRecord } from '../../src/handover/store-contract.js';
import { tokenKey } from '../../src/handover/token.js';
import { FakeClock } from '../../test/fake-clock.js';
import { createRedeemer } from './redeem.js';

const TOKEN = '4071829365';
const KEYS = [
  'token_status',
  'success',
  'handover_id',
  'conversation_id',
  'customer_phone',
  'customer_name',
  'summary',
  'intent',
  'reason',
  'priority',
  'language',
  'queue_arn',
  'route_to_queue',
  'hubspot_contact_id',
  'hubspot_ticket_id',
  'crm_url',
];

function storeWith(redeem: HandoverStore['redeem']): HandoverStore {
  return {
    put: () => Promise.reject(new Error('not used')),
    update: () => Promise.reject(new Error('not used')),
    redeem,
    check: () => Promise.resolve(),
    close: () => Promise.resolve(),
  };
}

function asks(token: unknown, contactId: unknown = 'contact-1'): unknown {
  return {
    Name: 'ContactFlowEvent',
    Details: { ContactData: { ContactId: contactId, Queue: null }, Parameters: { token } },
  };
}

function redeemerOf(redeem: HandoverStore['redeem']) {
  const clock = new FakeClock(NOW_SECONDS * 1000);
  return { clock, redeem: createRedeemer({ store: storeWith(redeem), pepper: 'pepper', clock }) };
}

/** Knows TOKEN alone. */
const knowing =
  (known: Redemption): HandoverStore['redeem'] =>
  (key) =>
    Promise.resolve(key === tokenKey('pepper', TOKEN) ? known : { status: 'invalid' });

test('a valid token gives the whole record and where to route it', async () => {
  const record = sampleRecord({ queue_arn: 'arn:queue/billing', customer_phone: '' });
  const answer = await redeemerOf(knowing({ status: 'valid', record })).redeem(asks(TOKEN));
  assert.deepEqual(Object.keys(answer).toSorted(), KEYS.toSorted());
  assert.equal(answer['token_status'], 'valid');
  assert.equal(answer['success'], 'true');
  assert.equal(answer['route_to_queue'], 'true');
  assert.equal(answer['summary'], record.summary);
  assert.equal(answer['customer_phone'], 'unknown');
});

test('a record without a queue is not routed by itself', async () => {
  const answer = await redeemerOf(knowing({ status: 'valid', record: sampleRecord() })).redeem(asks(TOKEN));
  assert.equal(answer['route_to_queue'], 'false');
});

for (const status of ['invalid', 'expired', 'used'] as const) {
  test(`a token that is ${status} is an answer, not an error`, async () => {
    const answer = await redeemerOf(knowing({ status })).redeem(asks(TOKEN));
    assert.equal(answer['token_status'], status);
    assert.equal(answer['success'], 'false');
    assert.deepEqual(Object.keys(answer).toSorted(), KEYS.toSorted());
  });
}

test('a token that only the second reading finds is found', async () => {
  const { redeem } = redeemerOf(knowing({ status: 'valid', record: sampleRecord() }));
  const answer = await redeem(asks(`407182936${TOKEN}`));
  assert.equal(answer['token_status'], 'valid');
});

test('a store that fails, and one that never answers, give an error answer in time', async () => {
  const failing = redeemerOf(() => Promise.reject(new Error('down')));
  assert.equal((await failing.redeem(asks(TOKEN)))['token_status'], 'error');

  const silent = redeemerOf(() => new Promise(() => undefined));
  const answer = silent.redeem(asks(TOKEN));
  silent.clock.advance(2500);
  assert.equal((await answer)['token_status'], 'error');
  assert.equal(silent.clock.timers, 0);
});

test('whatever comes in, every key comes out, as a printable string', async () => {
  const { redeem } = redeemerOf(knowing({ status: 'valid', record: sampleRecord({ summary: '\u0007\ud800 é' }) }));
  const hostileDetails = fc.record(
    { ContactData: fc.oneof(fc.anything(), fc.record({ ContactId: fc.anything() })), Parameters: fc.anything() },
    { requiredKeys: [] },
  );
  const event = fc.oneof(
    fc.anything({ withNullPrototype: true, withBigInt: true, withSparseArray: true }),
    fc.record({ Details: fc.oneof(fc.anything(), hostileDetails) }),
    fc
      .tuple(fc.oneof(fc.string(), fc.constant(TOKEN), fc.anything()), fc.anything())
      .map(([token, id]) => asks(token, id)),
  );
  await fc.assert(
    fc.asyncProperty(event, async (hostile) => {
      const answer = await redeem(hostile);
      assert.deepEqual(Object.keys(answer).toSorted(), KEYS.toSorted());
      for (const value of Object.values(answer)) assert.match(value, /^[\x20-\x7e]*$/);
    }),
    { numRuns: 300 },
  );
});

test('an event whose fields throw is survived', async () => {
  const { redeem } = redeemerOf(knowing({ status: 'invalid' }));
  const trap = new Proxy({}, { get: () => assert.fail('trapped') });
  assert.equal((await redeem(trap))['token_status'], 'error');
});
