import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { NOW_SECONDS, sampleRecord } from '../../test/contracts/handover-store.js';
import { FakeClock } from '../../test/support/fake-clock.js';
import { fuzz, nearly } from '../../test/support/fuzz.js';
import { MemoryStore } from '../../test/support/memory-handover-store.js';
import { callerKey } from '../../src/handover/caller-index.js';
import { tokenKey } from '../../src/handover/token.js';
import { answer, createRedeemer } from './redeem.js';

const TOKEN = '4071829365';
const PHONE = '+15551230000';
const PEPPER = 'pepper';
const KEYS = Object.keys(answer('error')).toSorted();

/** An event as Connect sends it. */
const asks = (parameters: Readonly<Record<string, string>>): unknown => ({
  Name: 'ContactFlowEvent',
  Details: {
    ContactData: {
      Attributes: { language: 'en-US' },
      Channel: 'VOICE',
      ContactId: 'contact-1',
      CustomerEndpoint: { Address: PHONE, Type: 'TELEPHONE_NUMBER' },
      InitiationMethod: 'INBOUND',
      Queue: null,
    },
    Parameters: parameters,
  },
});

const EVENTS = fc.oneof(
  {
    weight: 4,
    arbitrary: nearly(
      asks({ action: 'redeem_token', token: TOKEN }),
      asks({ action: 'redeem_token', token: `407182936${TOKEN}` }),
      asks({ action: 'match_caller' }),
    ),
  },
  fc.anything({ withNullPrototype: true, withBigInt: true, withSparseArray: true }),
  fc.record({ Details: fc.record({ ContactData: fc.anything(), Parameters: fc.anything() }, { requiredKeys: [] }) }),
);

test('the answer to any event of Connect has every attribute as a printable text, and tells nobody else of the call', () =>
  fuzz(EVENTS, async (event) => {
    const store = new MemoryStore();
    const clock = new FakeClock(NOW_SECONDS * 1000);
    const record = sampleRecord({ summary: '\u0007\ud800 é', customer_phone: PHONE });
    await store.put(tokenKey(PEPPER, TOKEN), record);
    await store.link(callerKey(PEPPER, PHONE), tokenKey(PEPPER, TOKEN), NOW_SECONDS, NOW_SECONDS + 600);
    const redeem = createRedeemer({ store, callers: store, pepper: () => Promise.resolve(PEPPER), clock });
    const given = await redeem(event);
    assert.deepEqual(Object.keys(given).toSorted(), KEYS);
    for (const value of Object.values(given)) assert.match(value, /^[\x20-\x7e]*$/);
    const knows = { token: text(event).includes(TOKEN), number: text(event).includes(PHONE) };
    if (given['token_status'] === 'valid') assert.ok(knows.token);
    if (given['token_status'] === 'ani_match') assert.ok(knows.number);
    if (given['success'] !== 'true') assert.equal(given['handover_id'], answer('error')['handover_id']);
    assert.equal(clock.timers, 0, 'a timer is left behind');
  }));

function text(event: unknown): string {
  try {
    return JSON.stringify(event) ?? '';
  } catch {
    return '';
  }
}
