import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeClock } from '../../test/fake-clock.js';
import { createLogger } from '../log.js';
import { type CallerIndex, callerKey } from './callers.js';
import { HandoverDesk } from './desk.js';
import { type HandoverRecord, drawHandoverId, printable } from './record.js';
import type { HandoverStore } from './store.js';
import { summarize } from './summary.js';
import { MemoryStore } from './memory-store.js';
import { tokenKey } from './token.js';

const CONTEXT = {
  conversationId: 'c0ffee',
  customerPhone: '+15551230000',
  turns: [{ speaker: 'caller', text: 'I was charged twice.' }],
  intent: 'billing',
  reason: 'customer_request',
  priority: '5',
  language: 'en-US',
  queueArn: 'arn:queue',
} as const;

/** A store in which the first `takenCount` keys are taken. */
function scripted(takenCount: number): { store: HandoverStore; puts: { key: string; record: HandoverRecord }[] } {
  const puts: { key: string; record: HandoverRecord }[] = [];
  const store: HandoverStore = {
    put: (key, record) => {
      puts.push({ key, record });
      return Promise.resolve(puts.length <= takenCount ? 'taken' : 'stored');
    },
    redeem: () => Promise.resolve({ status: 'invalid' }),
    update: () => Promise.resolve(false),
    check: () => Promise.resolve(),
    close: () => Promise.resolve(),
  };
  return { store, puts };
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

test('a taken token is drawn again, under the same handover id, and no token is logged', async () => {
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

test('a store in which everything is taken is given up on', async () => {
  const { store } = scripted(Infinity);
  await assert.rejects(deskOn(store).prepare(CONTEXT), { code: 'TOKEN_EXHAUSTED' });
});

test('a handover can be found by its caller; one of a withheld number cannot', async () => {
  const store = new MemoryStore();
  const desk = deskOn(store, [], store);
  await desk.prepare({ ...CONTEXT, customerPhone: 'anonymous' });
  const { handoverId } = await desk.prepare(CONTEXT);
  const found = await store.redeemByCaller(callerKey('pepper', CONTEXT.customerPhone), 'contact', 1_790_000_001);
  assert.equal(found.status === 'valid' && found.record.handover_id, handoverId);
  const withheld = await store.redeemByCaller(callerKey('pepper', 'anonymous'), 'contact', 1_790_000_001);
  assert.equal(withheld.status, 'invalid');
});

test('a handover whose caller cannot be noted is still one', async () => {
  const store = new MemoryStore();
  store.link = () => Promise.reject(new Error('down'));
  const lines: string[] = [];
  const { token } = await deskOn(store, lines, store).prepare(CONTEXT);
  assert.equal((await store.redeem(tokenKey('pepper', token), 'contact', 1_790_000_001)).status, 'valid');
  assert.equal(lines.length, 1);
});

test('handover ids are ULIDs and sort by time', () => {
  const ids = [1, 2, 1_790_000_000_000].map((epochMs) => drawHandoverId(epochMs));
  for (const id of ids) assert.match(id, /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/);
  assert.deepEqual(ids.toSorted(), ids);
});

test('text is made printable ASCII on one line and cut to its limit', () => {
  assert.equal(printable('  José’s\n\u0000 bill: 5 € \u{1F600}', 100), "Jose's bill: 5 EUR ?");
  assert.equal(printable('a'.repeat(50), 10), 'aaaaaaa...');
  assert.match(printable('\ud800 lone', 100), /^[\x20-\x7e]*$/);
});

test('a summary of a long call keeps what the caller asked, in order, within its limit', () => {
  const filler = Array.from({ length: 60 }, (_, index) => ({
    speaker: 'assistant' as const,
    text: `Let me explain in general terms how our service works, part ${'abc'.at(index % 3) ?? ''} of the long story.`,
  }));
  const summary = summarize([
    { speaker: 'caller', text: 'Hello.' },
    { speaker: 'caller', text: 'My order 4711 has not come.' },
    ...filler,
    { speaker: 'caller', text: 'I want my money back.' },
  ]);
  assert.ok(summary.length <= 1000);
  assert.ok(summary.indexOf('Caller: My order 4711') < summary.indexOf('Caller: I want my money back.'));
  assert.ok(summary.includes('My order 4711'));
  assert.ok(!summary.includes('Hello.'));
});

test('a summary is never empty', () => {
  assert.match(summarize([]), /has not said/);
  assert.match(summarize([{ speaker: 'caller', text: ' \n' }]), /has not said/);
});
