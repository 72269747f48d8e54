import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import type { TestContext } from 'node:test';
import { type HandoverRecord, drawHandoverId } from './record.js';
import type { HandoverStore } from './store.js';

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
    created_at: NOW_SECONDS,
    expires_at: NOW_SECONDS + 600,
    status: 'issued',
    ...changes,
  };
}

const freshKey = (): string => randomBytes(32).toString('hex');

/** What every {@link HandoverStore} must do; run once for each backend. `store` is open and its table exists. */
export async function storeContract(t: TestContext, store: HandoverStore): Promise<void> {
  await t.test('a stored record comes back whole to the contact that redeems it', async () => {
    const key = freshKey();
    const record = sampleRecord();
    assert.equal(await store.put(key, record), 'stored');
    const redemption = await store.redeem(key, 'contact-1', NOW_SECONDS + 5);
    assert.deepEqual(redemption, { status: 'valid', record: { ...record, status: 'consumed' } });
  });

  await t.test('the same contact may ask again, after expiry too; another may not', async () => {
    const key = freshKey();
    await store.put(key, sampleRecord());
    for (const second of [598, 599, 601]) {
      assert.equal((await store.redeem(key, 'contact-1', NOW_SECONDS + second)).status, 'valid');
    }
    assert.deepEqual(await store.redeem(key, 'contact-2', NOW_SECONDS + 599), { status: 'used' });
  });

  await t.test('of 200 contacts at once exactly one gets the record', async () => {
    const key = freshKey();
    await store.put(key, sampleRecord());
    const contacts = Array.from({ length: 200 }, (_, index) => `contact-${index}`);
    const statuses = await Promise.all(
      contacts.map(async (contact) => (await store.redeem(key, contact, NOW_SECONDS + 1)).status),
    );
    assert.equal(statuses.filter((status) => status === 'valid').length, 1);
    assert.equal(statuses.filter((status) => status === 'used').length, 199);
  });

  await t.test('an expired record that is still there counts as expired, from its very second on', async () => {
    const key = freshKey();
    await store.put(key, sampleRecord());
    assert.deepEqual(await store.redeem(key, 'contact-1', NOW_SECONDS + 600), { status: 'expired' });
    assert.equal((await store.redeem(key, 'contact-1', NOW_SECONDS + 599)).status, 'valid');
  });

  await t.test('an unknown key is invalid', async () => {
    assert.deepEqual(await store.redeem(freshKey(), 'contact-1', NOW_SECONDS), { status: 'invalid' });
  });

  await t.test('a key in use is not taken over; an expired one is, and is unused again', async () => {
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

  await t.test('what is filled in later is redeemed; nothing is created by filling in', async () => {
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
