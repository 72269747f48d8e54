import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeClock } from '../../test/support/fake-clock.js';
import { waitingClock } from '../../test/support/waiting-clock.js';
import { MemoryBackend } from '../journal/memory-backend.js';
import { drawKey } from '../journal/seal.js';
import { JournalNotes } from '../journal/shared-notes.js';
import { createLogger } from '../telemetry/log.js';
import type { ToldCall, ToldEvent } from './call-event.js';
import { EventOutbox, type EventOutcome, deadPlace } from './event-outbox.js';

const CALL: ToldCall = {
  call_sid: `CA${'1'.repeat(32)}`,
  conversation_id: 'c0ffee',
  direction: 'inbound',
  from: '+15551230000',
  to: '+12065550100',
  started_at: '2026-01-01T00:00:00.000Z',
};

/** Two instances over one journal, and a receiver that answers when the test says so. */
function scene(isShared = true) {
  const clock = new FakeClock();
  const backend = new MemoryBackend(clock);
  const key = drawKey();
  const notes = (): JournalNotes => new JournalNotes({ backend, keys: [key], clock: waitingClock });
  const sent: { by: string; event: ToldEvent; done: () => void; fail: () => void }[] = [];
  const counted: EventOutcome[] = [];
  const open = (instanceId: string): EventOutbox =>
    new EventOutbox({
      notes: notes(),
      isShared,
      instanceId,
      sink: {
        setting: 'CALL_EVENTS_URL',
        send: (event) =>
          new Promise((resolve, reject) => {
            sent.push({ by: instanceId, event, done: resolve, fail: () => reject(new Error('no')) });
          }),
      },
      maxTries: 3,
      clock,
      count: (outcome) => counted.push(outcome),
      onFailedTry: () => undefined,
      log: createLogger({ level: 'silent' }),
    });
  return { clock, counted, notes: notes(), one: open('one'), other: open('other'), sent };
}

const started = { type: 'call.started', isOnce: true, createdMs: 0, data: () => ({}) } as const;
const ended = { type: 'call.ended', isOnce: true, createdMs: 0, data: () => ({}) } as const;

async function settle(): Promise<void> {
  for (let turns = 0; turns < 50; turns++) await new Promise((resolve) => setImmediate(resolve));
}

/** Moves time in steps, so that what waits in a row can wait. */
async function pass(clock: FakeClock, ms: number): Promise<void> {
  for (let passedMs = 0; passedMs < ms; passedMs += 500) {
    clock.advance(500);
    await settle();
  }
}

test('an event that one instance is sending is not sent by another, until the one has had its time', async () => {
  const { clock, one, other, sent } = scene();
  one.begin(CALL, started);
  await settle();
  other.add(CALL.call_sid, ended);
  await pass(clock, 9000);
  assert.deepEqual(
    sent.map(({ by, event }) => `${by} ${event.sequence}`),
    ['one 1'],
  );
  sent[0]?.done();
  await settle();
  assert.deepEqual(
    sent.map(({ by, event }) => `${by} ${event.sequence}`),
    ['one 1', 'one 2'],
    'the instance that sends finds what the other has added',
  );
  sent[1]?.done();
  await pass(clock, 40_000);
  assert.equal(sent.length, 2);
});

test('an event that was never taken is kept as a dead letter before it leaves the outbox', async () => {
  const { clock, counted, notes, one, sent } = scene();
  one.begin(CALL, started);
  await settle();
  for (let tries = 0; tries < 3; tries++) {
    sent[tries]?.fail();
    await pass(clock, 5000);
  }
  assert.equal(sent.length, 3);
  const dead = (await notes.read(deadPlace(CALL.call_sid))) as ToldEvent[];
  assert.deepEqual(
    dead.map(({ id }) => id),
    ['c0ffee-1'],
  );
  assert.deepEqual(counted, ['dead']);
});

test('a call has one start and one end, whichever instances tell them', async () => {
  const { clock, one, other, sent } = scene();
  one.begin(CALL, started);
  await settle();
  other.begin(CALL, started);
  other.add(CALL.call_sid, ended);
  one.add(CALL.call_sid, ended);
  for (let events = 0; events < 4; events++) {
    await pass(clock, 1000);
    for (const { done } of sent) done();
  }
  assert.deepEqual(
    sent.map(({ event }) => event.type),
    ['call.started', 'call.ended'],
  );
});

test('events that were not taken before the end of the only instance are counted as lost', async () => {
  const { clock, counted, one, sent } = scene(false);
  one.begin(CALL, started);
  one.add(CALL.call_sid, ended);
  await settle();
  sent[0]?.fail();
  await settle();
  const closed = one.close();
  await pass(clock, 3000);
  await closed;
  assert.deepEqual(counted, ['lost', 'lost']);
});

test('a call that is over and was told is kept in the journal for an hour, and a pending event for a day', async () => {
  const { clock, notes, one, sent } = scene();
  one.begin(CALL, started);
  one.add(CALL.call_sid, ended);
  await settle();
  sent[0]?.done();
  await pass(clock, 1000);
  clock.advance(2 * 3_600_000);
  assert.notEqual(await notes.read(`events.${CALL.call_sid}`), undefined);
  await settle();
  for (const { done } of sent) done();
  await pass(clock, 40_000);
  for (const { done } of sent) done();
  await pass(clock, 1000);
  clock.advance(3_600_000);
  assert.equal(await notes.read(`events.${CALL.call_sid}`), undefined);
});
