import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HandoverStore, Redemption } from '../../src/handover/store.js';
import { NOW_SECONDS, sampleRecord } from '../../test/contracts/handover-store.js';
import { MemoryStore } from '../../test/support/memory-handover-store.js';
import { drawToken, tokenKey } from '../../src/handover/token.js';
import { callerKey } from '../../src/handover/caller-index.js';
import { FakeClock } from '../../test/support/fake-clock.js';
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
  'reason_text',
  'priority',
  'language',
  'language_text',
  'assistant',
  'queue_arn',
  'route_to_queue',
  'hubspot_contact_id',
  'hubspot_ticket_id',
  'crm_url',
  'briefing',
  'briefing_voice',
  'briefing_ready',
  'recording_sid',
  'recording_url',
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
  return {
    clock,
    redeem: createRedeemer({
      store: storeWith(redeem),
      callers: new MemoryStore(),
      pepper: () => Promise.resolve('pepper'),
      clock,
    }),
  };
}

/** A store that knows only TOKEN. */
const knowing =
  (known: Redemption): HandoverStore['redeem'] =>
  (key) =>
    Promise.resolve(key === tokenKey('pepper', TOKEN) ? known : { status: 'invalid' });

test("a valid token is answered with the whole record and its queue's routing", async () => {
  const record = sampleRecord({ queue_arn: 'arn:queue/billing', customer_phone: '' });
  const answer = await redeemerOf(knowing({ status: 'valid', record })).redeem(asks(TOKEN));
  assert.deepEqual(Object.keys(answer).toSorted(), KEYS.toSorted());
  assert.equal(answer['token_status'], 'valid');
  assert.equal(answer['success'], 'true');
  assert.equal(answer['route_to_queue'], 'true');
  assert.equal(answer['summary'], record.summary);
  assert.equal(answer['customer_phone'], 'unknown');
});

test('a valid token is answered with the reason and the language in words for the agent', async () => {
  const record = sampleRecord({ reason: 'requested_human', language: 'de-DE' });
  const answer = await redeemerOf(knowing({ status: 'valid', record })).redeem(asks(TOKEN));
  assert.equal(answer['reason'], 'requested_human');
  assert.equal(answer['reason_text'], 'The caller asked for a person, about a bill or a payment.');
  assert.equal(answer['language'], 'de-DE');
  assert.equal(answer['language_text'], 'German (Germany)');
});

test('no attribute that the flow keeps in one block is empty, even of a record that lacks it', async () => {
  const bare = sampleRecord({ conversation_id: '', summary: '', intent: '', reason: '', priority: '', language: '' });
  const answer = await redeemerOf(knowing({ status: 'valid', record: bare })).redeem(asks(TOKEN));
  const empty = Object.keys(answer).filter((name) => answer[name] === '');
  assert.deepEqual(empty.toSorted(), [
    // A block of their own, which keeps all three or none.
    'briefing',
    'briefing_ready',
    'briefing_voice',
    'crm_url',
    'hubspot_contact_id',
    'hubspot_ticket_id',
    'queue_arn',
    'recording_sid',
    'recording_url',
  ]);
});

test('a briefing is answered with the voice of its language, or not at all', async () => {
  const asked = async (changes: Parameters<typeof sampleRecord>[0]): Promise<(string | undefined)[]> => {
    const record = sampleRecord(changes);
    const answer = await redeemerOf(() => Promise.resolve({ status: 'valid', record })).redeem(asks(TOKEN));
    return [answer['briefing'], answer['briefing_voice'], answer['briefing_ready']];
  };
  const words = 'Anna: Sie wartet auf ihr Geld.';
  assert.deepEqual(await asked({ briefing: words, briefing_language: 'de-AT' }), [words, 'Vicki', 'true']);
  assert.deepEqual(await asked({ briefing: words, briefing_language: 'ja' }), ['', '', '']);
  assert.deepEqual(await asked({ briefing: '', briefing_language: 'de' }), ['', '', '']);
});

test('a record without a queue is answered with route_to_queue false', async () => {
  const answer = await redeemerOf(knowing({ status: 'valid', record: sampleRecord() })).redeem(asks(TOKEN));
  assert.equal(answer['route_to_queue'], 'false');
});

for (const status of ['invalid', 'expired', 'used'] as const) {
  test(`a token that is ${status} is answered with every attribute, not with an error`, async () => {
    const answer = await redeemerOf(knowing({ status })).redeem(asks(TOKEN));
    assert.equal(answer['token_status'], status);
    assert.equal(answer['success'], 'false');
    assert.deepEqual(Object.keys(answer).toSorted(), KEYS.toSorted());
  });
}

test('a token is redeemed if only the second candidate of the received digits is right', async () => {
  const { redeem } = redeemerOf(knowing({ status: 'valid', record: sampleRecord() }));
  const answer = await redeem(asks(`407182936${TOKEN}`));
  assert.equal(answer['token_status'], 'valid');
});

test('a store that fails or never answers leads to an error answer within 2.5 s', async () => {
  const failing = redeemerOf(() => Promise.reject(new Error('down')));
  assert.equal((await failing.redeem(asks(TOKEN)))['token_status'], 'error');

  const silent = redeemerOf(() => new Promise(() => undefined));
  const answer = silent.redeem(asks(TOKEN));
  silent.clock.advance(2500);
  assert.equal((await answer)['token_status'], 'error');
  assert.equal(silent.clock.timers, 0);
});

test('an event whose fields throw leads to an error answer', async () => {
  const { redeem } = redeemerOf(knowing({ status: 'invalid' }));
  const trap = new Proxy({}, { get: () => assert.fail('trapped') });
  assert.equal((await redeem(trap))['token_status'], 'error');
});

const PHONE = '+15551230000';

/** A record that tells who has called. */
const KNOWN_RECORD = sampleRecord({
  customer_phone: PHONE,
  customer_name: 'Ada',
  briefing: 'Ada: She was charged twice.',
  briefing_language: 'en',
  recording_sid: 'RE1',
  recording_url: 'https://api.twilio.com/RE1',
});

/** A store with one handover of PHONE, and the count of the alarm. */
async function scene(changes: { matchesCallers?: boolean } = {}) {
  const store = new MemoryStore();
  const clock = new FakeClock(NOW_SECONDS * 1000);
  const counted = { alarm: 0, failed: 0 };
  await store.put(tokenKey('pepper', TOKEN), KNOWN_RECORD);
  await store.link(callerKey('pepper', PHONE), tokenKey('pepper', TOKEN), NOW_SECONDS, NOW_SECONDS + 600);
  const redeem = createRedeemer({
    store,
    callers: store,
    pepper: () => Promise.resolve('pepper'),
    clock,
    report: { invalidToken: () => counted.alarm++, failed: () => counted.failed++ },
    ...changes,
  });
  const ask = (token: string | undefined, from: string, contact = 'contact-1', action = 'redeem_token') =>
    redeem({
      Details: {
        ContactData: { ContactId: contact, CustomerEndpoint: { Address: from, Type: 'TELEPHONE_NUMBER' } },
        Parameters: { action, ...(token === undefined ? {} : { token }) },
      },
    });
  return { store, clock, counted, ask };
}

test('a caller whose digits were lost is known by the number, without a word of the conversation', async () => {
  for (const token of [undefined, '', 'Timeout']) {
    const { ask } = await scene();
    const answer = await ask(token, PHONE);
    assert.equal(answer['token_status'], 'ani_match');
    assert.equal(answer['success'], 'true');
    assert.equal(answer['conversation_id'], 'c0ffee');
    assert.equal(answer['reason'], 'customer_request');
    assert.equal(answer['customer_name'], 'unknown');
    assert.match(answer['summary'] ?? '', /ask who is calling/);
    assert.deepEqual([answer['briefing'], answer['briefing_ready']], ['', '']);
    assert.equal(answer['recording_url'], '', 'what was said is in the recording');
    assert.deepEqual(await ask(token, PHONE), answer, 'the same when Connect retries');
    assert.equal((await ask(token, PHONE, 'contact-2'))['token_status'], 'invalid');
    assert.equal((await ask(TOKEN, PHONE, 'contact-2'))['token_status'], 'used');
  }
});

test('digits that are wrong are not made good by the number, unless the flow asks for that last', async () => {
  const { ask } = await scene();
  assert.equal((await ask('1234567890', PHONE))['token_status'], 'invalid');
  assert.equal((await ask('407182936', PHONE))['token_status'], 'invalid');
  assert.equal((await ask('407182936', PHONE, 'contact-1', 'match_caller'))['token_status'], 'ani_match');
});

test('a number that is withheld, unknown or not to be used finds nothing', async () => {
  const { ask, store } = await scene();
  // No gateway writes such a link. The Lambda does not rely on that.
  for (const from of ['', 'anonymous', '+266696687'])
    await store.link(callerKey('pepper', from), tokenKey('pepper', TOKEN), NOW_SECONDS, NOW_SECONDS + 600);
  for (const from of ['', 'anonymous', '+266696687', '+15559990000'])
    assert.equal((await ask('', from))['token_status'], 'invalid', from);
  const off = await scene({ matchesCallers: false });
  assert.equal((await off.ask('', PHONE))['token_status'], 'invalid');
});

test('a number that sent too many wrong tokens is not matched without digits for ten minutes', async () => {
  const { ask, clock, counted, store } = await scene();
  for (let index = 0; index < 30; index++) await ask('1234567890', PHONE);
  assert.equal((await ask('', PHONE))['token_status'], 'invalid');
  assert.equal(counted.alarm, 30);
  clock.advance(600_000);
  const later = sampleRecord({ created_at: NOW_SECONDS + 600, expires_at: NOW_SECONDS + 1200, conversation_id: 'x' });
  await store.put(tokenKey('pepper', '1212121212'), later);
  await store.link(callerKey('pepper', PHONE), tokenKey('pepper', '1212121212'), NOW_SECONDS + 600, NOW_SECONDS + 1200);
  assert.equal((await ask('', PHONE, 'contact-9'))['token_status'], 'ani_match');
});

for (const [whose, from] of [
  ['a number', PHONE],
  ['a withheld number', 'anonymous'],
  ['no number', ''],
] as const) {
  test(`a right token is redeemed after any number of wrong ones from ${whose}`, async () => {
    const { ask, counted } = await scene();
    for (let index = 0; index < 100; index++) await ask('1234567890', from);
    assert.equal((await ask(TOKEN, from))['token_status'], 'valid');
    assert.equal(counted.alarm, 100);
  });
}

test('a token is answered alike whether or not its failure can be counted', async () => {
  const { ask, counted, store } = await scene();
  store.failures = () => Promise.reject(new Error('down'));
  store.countFailure = () => Promise.reject(new Error('down'));
  assert.equal((await ask('1234567890', PHONE))['token_status'], 'invalid');
  assert.equal(counted.failed, 1);
  assert.equal((await ask(TOKEN, PHONE))['token_status'], 'valid');
});

test('a check of the flow reads the store, redeems and counts nothing, and fails with the store', async () => {
  const { ask, counted, store } = await scene();
  assert.equal((await ask(undefined, PHONE, 'contact-1', 'check'))['token_status'], 'invalid');
  assert.deepEqual(counted, { alarm: 0, failed: 0 });
  assert.equal((await ask(TOKEN, PHONE, 'contact-2'))['token_status'], 'valid');
  store.failures = () => Promise.reject(new Error('down'));
  assert.equal((await ask(undefined, PHONE, 'contact-1', 'check'))['token_status'], 'error');
  assert.equal(counted.failed, 1);
});

test('of 100,000 guesses none is valid, and the alarm counts every one', async () => {
  const { ask, counted } = await scene();
  for (let guess = 0; guess < 100_000; guess++) {
    let token = drawToken();
    while (token === TOKEN) token = drawToken();
    // Every third call comes from one number, the others from numbers of their own.
    const from = guess % 3 === 0 ? '+15550001111' : `+1555${String(guess).padStart(7, '0')}`;
    const answer = await ask(token, from, `contact-${guess}`);
    if (answer['token_status'] !== 'invalid') assert.fail(`guess ${guess} was ${answer['token_status'] ?? ''}`);
  }
  assert.equal(counted.alarm, 100_000);
  assert.equal((await ask(TOKEN, PHONE))['token_status'], 'valid');
});
