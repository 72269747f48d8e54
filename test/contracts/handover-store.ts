import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import type { TestContext } from 'node:test';
import type { CallerIndex } from '../../src/handover/caller-index.js';
import { type HandoverRecord, drawHandoverId } from '../../src/handover/record.js';
import type { HandoverStore } from '../../src/handover/store.js';

// The contract tests of handover stores, and their sample record.

export const NOW_SECONDS = 1_790_000_000;

export function sampleRecord(changes: Partial<HandoverRecord> = {}): HandoverRecord {
  return {
    handover_id: drawHandoverId(NOW_SECONDS * 1000),
    conversation_id: 'c0ffee',
    customer_phone: '+15551230000',
    customer_name: 'unknown',
    summary: 'Caller: I was charged twice for order 42.',
    intent: 'billing',
    reason: 'customer_request',
    priority: '5',
    language: 'en-US',
    queue_arn: '',
    hubspot_contact_id: '',
    hubspot_ticket_id: '',
    crm_url: '',
    assistant: 'front',
    created_at: NOW_SECONDS,
    expires_at: NOW_SECONDS + 600,
    status: 'issued',
    ...changes,
  };
}

const freshKey = (): string => randomBytes(32).toString('hex');

/** The tests that every {@link HandoverStore} must pass. Each backend runs them with an open store whose table exists. */
export async function storeContract(t: TestContext, store: HandoverStore): Promise<void> {
  await t.test('a stored record keeps its briefing, and a later one replaces it', async () => {
    const key = freshKey();
    const record = sampleRecord({ briefing: 'Anna waits.', briefing_language: 'en' });
    assert.equal(await store.put(key, record), 'stored');
    assert.equal(await store.update(key, { briefing: 'Anna wants a refund.' }), true);
    const redemption = await store.redeem(key, 'contact-b', NOW_SECONDS);
    assert.ok(redemption.status === 'valid');
    assert.equal(redemption.record.briefing, 'Anna wants a refund.');
    assert.equal(redemption.record.briefing_language, 'en');
  });

  await t.test('a stored record is returned whole to the contact that redeems it', async () => {
    const key = freshKey();
    const record = sampleRecord();
    assert.equal(await store.put(key, record), 'stored');
    const redemption = await store.redeem(key, 'contact-1', NOW_SECONDS + 5);
    assert.deepEqual(redemption, { status: 'valid', record: { ...record, status: 'consumed' } });
  });

  await t.test('the same contact may redeem again, even after expiry, and another contact may not', async () => {
    const key = freshKey();
    await store.put(key, sampleRecord());
    for (const second of [598, 599, 601]) {
      assert.equal((await store.redeem(key, 'contact-1', NOW_SECONDS + second)).status, 'valid');
    }
    assert.deepEqual(await store.redeem(key, 'contact-2', NOW_SECONDS + 599), { status: 'used' });
  });

  await t.test('exactly one of 200 simultaneous contacts gets the record', async () => {
    const key = freshKey();
    await store.put(key, sampleRecord());
    const contacts = Array.from({ length: 200 }, (_, index) => `contact-${index}`);
    const statuses = await Promise.all(
      contacts.map(async (contact) => (await store.redeem(key, contact, NOW_SECONDS + 1)).status),
    );
    assert.equal(statuses.filter((status) => status === 'valid').length, 1);
    assert.equal(statuses.filter((status) => status === 'used').length, 199);
  });

  await t.test('a record that is still stored counts as expired from the second of its expiry on', async () => {
    const key = freshKey();
    await store.put(key, sampleRecord());
    assert.deepEqual(await store.redeem(key, 'contact-1', NOW_SECONDS + 600), { status: 'expired' });
    assert.equal((await store.redeem(key, 'contact-1', NOW_SECONDS + 599)).status, 'valid');
  });

  await t.test('an unknown key is invalid', async () => {
    assert.deepEqual(await store.redeem(freshKey(), 'contact-1', NOW_SECONDS), { status: 'invalid' });
  });

  await t.test('a key in use cannot be overwritten, and an expired key is free again', async () => {
    const key = freshKey();
    await store.put(key, sampleRecord({ summary: 'first' }));
    assert.equal(await store.put(key, sampleRecord({ summary: 'second' })), 'taken');
    const first = await store.redeem(key, 'contact-1', NOW_SECONDS + 1);
    assert.equal(first.status === 'valid' && first.record.summary, 'first');

    const later = sampleRecord({ summary: 'third', created_at: NOW_SECONDS + 600, expires_at: NOW_SECONDS + 1200 });
    assert.equal(await store.put(key, later), 'stored');
    const third = await store.redeem(key, 'contact-2', NOW_SECONDS + 700);
    assert.equal(third.status === 'valid' && third.record.summary, 'third');
  });

  await t.test('fields updated later are redeemed too, and an update creates no record', async () => {
    const key = freshKey();
    assert.equal(await store.update(key, { crm_url: 'https://crm.example/1' }), false);
    assert.deepEqual(await store.redeem(key, 'contact-1', NOW_SECONDS), { status: 'invalid' });
    await store.put(key, sampleRecord());
    assert.equal(await store.update(key, { crm_url: 'https://crm.example/1', hubspot_ticket_id: '77' }), true);
    const found = await store.redeem(key, 'contact-1', NOW_SECONDS + 1);
    assert.ok(found.status === 'valid');
    assert.equal(found.record.crm_url, 'https://crm.example/1');
    assert.equal(found.record.hubspot_ticket_id, '77');
    assert.equal(found.record.hubspot_contact_id, '');
  });

  await t.test('an open store passes its check', async () => {
    await store.check();
  });
}

/** The tests that every {@link CallerIndex} must pass. `store` holds the records that the index links to. */
export async function callerContract(t: TestContext, store: HandoverStore, callers: CallerIndex): Promise<void> {
  const end = NOW_SECONDS + 600;
  const later = NOW_SECONDS + 60;
  /** Stores a record of `conversation` for `caller` and returns its key. */
  const handover = async (caller: string, conversation: string, createdAt = NOW_SECONDS): Promise<string> => {
    const key = freshKey();
    await store.put(key, sampleRecord({ conversation_id: conversation, summary: key, created_at: createdAt }));
    await callers.link(caller, key, createdAt, end);
    return key;
  };
  const redeemed = async (caller: string, contact: string, now = later): Promise<string> => {
    const redemption = await callers.redeemByCaller(caller, contact, now);
    return redemption.status === 'valid' ? redemption.record.summary : redemption.status;
  };

  await t.test(
    'the only handover of a number is redeemed by the number once, and again for the same contact',
    async () => {
      const caller = freshKey();
      const key = await handover(caller, 'one');
      assert.equal(await redeemed(caller, 'contact-1'), key);
      assert.equal(await redeemed(caller, 'contact-1'), key);
      assert.equal(await redeemed(caller, 'contact-2'), 'invalid');
      assert.deepEqual(await store.redeem(key, 'contact-2', later), { status: 'used' });
    },
  );

  await t.test('a number with two open conversations finds neither, and a redeemed one does not count', async () => {
    const caller = freshKey();
    const first = await handover(caller, 'one');
    const second = await handover(caller, 'two');
    assert.equal(await redeemed(caller, 'contact-1'), 'invalid');
    await store.redeem(first, 'contact-0', later);
    assert.equal(await redeemed(caller, 'contact-1'), second);
  });

  await t.test('a redialled conversation counts as one handover, and one redemption uses up both tokens', async () => {
    const caller = freshKey();
    await handover(caller, 'one');
    const last = await handover(caller, 'one', NOW_SECONDS + 30);
    assert.equal(await redeemed(caller, 'contact-1'), last);
    assert.equal(await redeemed(caller, 'contact-2'), 'invalid');
  });

  await t.test('an unknown number finds nothing, nor does a number after its handover expired', async () => {
    const caller = freshKey();
    await handover(caller, 'one');
    assert.equal(await redeemed(freshKey(), 'contact-1'), 'invalid');
    assert.equal(await redeemed(caller, 'contact-1', end), 'invalid');
  });

  await t.test('a number with too many handovers finds nothing until they have expired', async () => {
    const caller = freshKey();
    for (let index = 0; index < 17; index++) await callers.link(caller, freshKey(), NOW_SECONDS, end);
    await handover(caller, 'one');
    assert.equal(await redeemed(caller, 'contact-1'), 'invalid');
    const key = freshKey();
    await store.put(key, sampleRecord({ summary: key, created_at: end, expires_at: end + 600 }));
    await callers.link(caller, key, end, end + 600);
    assert.equal(await redeemed(caller, 'contact-1', end + 1), key);
  });

  await t.test('simultaneous failures are all counted, apart for each number, within one window', async () => {
    const tries = freshKey();
    await Promise.all(Array.from({ length: 20 }, () => callers.countFailure(tries, NOW_SECONDS, 600)));
    assert.equal(await callers.failures(tries, NOW_SECONDS + 599), 20);
    assert.equal(await callers.failures(freshKey(), NOW_SECONDS), 0);
    assert.equal(await callers.failures(tries, end), 0);
    await callers.countFailure(tries, end, 600);
    assert.equal(await callers.failures(tries, end), 1);
  });
}
