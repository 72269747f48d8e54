import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeClock } from '../../test/support/fake-clock.js';
import { createLogger } from '../telemetry/log.js';
import { type CallerIndex, callerKey } from './caller-index.js';
import { HandoverDesk } from './desk.js';
import { type HandoverRecord, type HandoverUpdate, drawHandoverId } from './record.js';
import type { HandoverStore } from './store.js';
import { MemoryStore } from '../../test/support/memory-handover-store.js';
import { tokenKey } from './token.js';

const CONTEXT = {
  conversationId: 'c0ffee',
  assistant: 'front',
  customerPhone: '+15551230000',
  turns: [{ speaker: 'caller', text: 'I was charged twice.' }],
  intent: 'billing',
  reason: 'customer_request',
  priority: '5',
  language: 'en-US',
  queueArn: 'arn:queue',
} as const;

/** A store in which the first `takenCount` keys are taken. */
function scripted(takenCount: number) {
  const updates: { key: string; fields: HandoverUpdate }[] = [];
  const puts: { key: string; record: HandoverRecord }[] = [];
  const store: HandoverStore = {
    put: (key, record) => {
      puts.push({ key, record });
      return Promise.resolve(puts.length <= takenCount ? 'taken' : 'stored');
    },
    redeem: () => Promise.resolve({ status: 'invalid' }),
    update: (key, fields) => {
      updates.push({ key, fields });
      return Promise.resolve(true);
    },
    check: () => Promise.resolve(),
    close: () => Promise.resolve(),
  };
  return { store, puts, updates };
}

function deskOn(store: HandoverStore, lines: string[] = [], callers?: CallerIndex): HandoverDesk {
  const log = createLogger({ level: 'trace', destination: { write: (line: string) => void lines.push(line) } });
  return new HandoverDesk({
    store,
    callers,
    pepper: 'pepper',
    ttlSeconds: 600,
    clock: new FakeClock(1_790_000_000_000),
    log,
  });
}

test('the desk draws another token if one is taken, keeps the handover id, and logs no token', async () => {
  const { store, puts } = scripted(2);
  const lines: string[] = [];
  const { handoverId, token } = await deskOn(store, lines).prepare(CONTEXT);
  assert.equal(puts.length, 3);
  assert.equal(puts[2]?.key, tokenKey('pepper', token));
  assert.equal(puts[2]?.record.handover_id, handoverId);
  assert.equal(puts[2].record.expires_at, 1_790_000_600);
  assert.equal(lines.length, 2);
  assert.ok(!lines.join().includes(token));
  assert.ok(!JSON.stringify(puts).includes(token));
});

test('a record has a briefing only if there is one, in printable ASCII', async () => {
  const { puts, store } = scripted(0);
  const desk = deskOn(store);
  await desk.prepare(CONTEXT);
  await desk.prepare({ ...CONTEXT, briefing: { words: 'Jürgen wartet.', language: 'de-AT' } });
  const [without, briefed] = puts.map(({ record }) => record);
  assert.equal('briefing' in (without ?? {}), false);
  assert.deepEqual([briefed?.briefing, briefed?.briefing_language], ['Jurgen wartet.', 'de-AT']);
});

test('an update goes to the record of its token, and reports whether the record was there', async () => {
  const updates: unknown[] = [];
  const store: HandoverStore = {
    ...scripted(0).store,
    update: (key, fields) => Promise.resolve(updates.push({ key, ...fields }) === 1),
  };
  const desk = deskOn(store);
  const prepared = await desk.prepare(CONTEXT);
  assert.equal(await desk.update(prepared, { customer_name: 'Zoë\nMüller', summary: 'a'.repeat(2000) }), true);
  assert.equal(await desk.update(prepared, { crm_url: 'https://app.hubspot.com/' }), false);
  assert.deepEqual(updates, [
    { key: tokenKey('pepper', prepared.token), customer_name: 'Zoe Muller', summary: `${'a'.repeat(997)}...` },
    { key: tokenKey('pepper', prepared.token), crm_url: 'https://app.hubspot.com/' },
  ]);
});

test('the desk gives up with TOKEN_EXHAUSTED if the store reports every token as taken', async () => {
  const { store } = scripted(Infinity);
  await assert.rejects(deskOn(store).prepare(CONTEXT), { code: 'TOKEN_EXHAUSTED' });
});

test("a handover can be found by the caller's number, unless the number is withheld", async () => {
  const store = new MemoryStore();
  const desk = deskOn(store, [], store);
  // The second one spells RESTRICTED on a keypad.
  const withheld = ['anonymous', '+7378742833'];
  for (const customerPhone of withheld) await desk.prepare({ ...CONTEXT, customerPhone });
  const { handoverId } = await desk.prepare(CONTEXT);
  const found = await store.redeemByCaller(callerKey('pepper', CONTEXT.customerPhone), 'contact', 1_790_000_001);
  assert.equal(found.status === 'valid' && found.record.handover_id, handoverId);
  for (const number of withheld) {
    const { status } = await store.redeemByCaller(callerKey('pepper', number), 'contact', 1_790_000_001);
    assert.equal(status, 'invalid', number);
  }
});

test('a handover is prepared even if the store cannot link it to the caller', async () => {
  const store = new MemoryStore();
  store.link = () => Promise.reject(new Error('down'));
  const lines: string[] = [];
  const { token } = await deskOn(store, lines, store).prepare(CONTEXT);
  assert.equal((await store.redeem(tokenKey('pepper', token), 'contact', 1_790_000_001)).status, 'valid');
  assert.equal(lines.length, 1);
});

test('a handover is prepared while the index by number still works, and is found by it later', async () => {
  const store = new MemoryStore();
  const link = store.link.bind(store);
  let answer = (): void => undefined;
  const answered = new Promise<void>((resolve) => (answer = resolve));
  store.link = async (...fields) => {
    await answered;
    await link(...fields);
  };
  const { handoverId } = await deskOn(store, [], store).prepare(CONTEXT);
  answer();
  await new Promise((resolve) => setImmediate(resolve));
  const found = await store.redeemByCaller(callerKey('pepper', CONTEXT.customerPhone), 'contact', 1_790_000_001);
  assert.equal(found.status === 'valid' && found.record.handover_id, handoverId);
});

test('handover ids are ULIDs and sort by time', () => {
  const ids = [1, 2, 1_790_000_000_000].map((epochMs) => drawHandoverId(epochMs));
  for (const id of ids) assert.match(id, /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/);
  assert.deepEqual(ids.toSorted(), ids);
});

test('a name in letters that the agent cannot see is empty, and does not replace one that the agent can see', async () => {
  const { puts, store, updates } = scripted(0);
  const desk = deskOn(store);
  const prepared = await desk.prepare({ ...CONTEXT, customerName: 'अदिति' });
  assert.equal(puts[0]?.record.customer_name, '');
  assert.equal(await desk.update(prepared, { customer_name: '李明', hubspot_contact_id: '7' }), true);
  assert.equal(await desk.update(prepared, { customer_name: '李明' }), true);
  assert.deepEqual(
    updates.map(({ fields }) => fields),
    [{ hubspot_contact_id: '7' }],
  );
});

test('an update is stored under the key of the record, as printable text within the limits of its fields', async () => {
  const { store, puts, updates } = scripted(0);
  const desk = deskOn(store);
  const prepared = await desk.prepare(CONTEXT);
  const fields = { summary: `Zoë\n${'waits '.repeat(400)}`, customer_name: 'z'.repeat(300) };
  assert.equal(await desk.update(prepared, fields), true);
  assert.equal(updates[0]?.key, puts[0]?.key);
  assert.match(updates[0]?.fields.summary ?? '', /^Zoe waits .*\.\.\.$/);
  assert.deepEqual([updates[0]?.fields.summary?.length, updates[0]?.fields.customer_name?.length], [1000, 128]);
});

test('a record expires by the clock of its store, however wrong that of the gateway is', async () => {
  const { store, puts } = scripted(0);
  for (const aheadMs of [3_600_000, -3_600_000]) {
    await deskOn({ ...store, aheadMs }).prepare(CONTEXT);
    const { created_at: created, expires_at: expires } = puts.at(-1)?.record ?? assert.fail();
    assert.deepEqual([created, expires], [1_790_000_000 + aheadMs / 1000, 1_790_000_600 + aheadMs / 1000]);
  }
});
