import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeClock } from '../../test/support/fake-clock.js';
import { waitingClock } from '../../test/support/waiting-clock.js';
import type { Clock } from '../base/clock.js';
import type { JournalBackend } from '../journal/backend.js';
import { MemoryBackend } from '../journal/memory-backend.js';
import { drawKey } from '../journal/seal.js';
import { JournalNotes } from '../journal/shared-notes.js';
import { createLogger } from '../telemetry/log.js';
import { NO_TALLY, type ToldCall, type ToldEvent } from './call-event.js';
import { EventOutbox } from './event-outbox.js';
import type { EventOutcome } from './event-sender.js';

const CALL: ToldCall = {
  call_sid: `CA${'1'.repeat(32)}`,
  conversation_id: 'c0ffee',
  direction: 'inbound',
  from: '+15551230000',
  to: '+12065550100',
  started_at: '2026-01-01T00:00:00.000Z',
};

/** A journal that can lose everything, as a Redis does that starts anew. */
class ForgetfulBackend implements JournalBackend {
  readonly kind = 'memory';
  private readonly clock: Clock;
  private backend: MemoryBackend;

  constructor(clock: Clock) {
    this.clock = clock;
    this.backend = new MemoryBackend(clock);
  }

  forget(): void {
    this.backend = new MemoryBackend(this.clock);
  }

  write(...given: Parameters<JournalBackend['write']>): ReturnType<JournalBackend['write']> {
    return this.backend.write(...given);
  }

  claim(...given: Parameters<JournalBackend['claim']>): ReturnType<JournalBackend['claim']> {
    return this.backend.claim(...given);
  }

  read(callSid: string): ReturnType<JournalBackend['read']> {
    return this.backend.read(callSid);
  }

  onConnection(): void {
    // Memory is always connected.
  }

  close(): void {
    // Nothing is open.
  }
}

/** Two instances over one journal, and a receiver that answers when the test says so. */
function scene({ isShared = true, otherAheadMs = 0 } = {}) {
  const clock = new FakeClock();
  const backend = new ForgetfulBackend(clock);
  const key = drawKey();
  const notes = (): JournalNotes => new JournalNotes({ backend, keys: [key], clock: waitingClock });
  const sent: { by: string; event: ToldEvent; done: () => void; fail: () => void }[] = [];
  const counted: EventOutcome[] = [];
  const dead = new Set<string>();
  const open = (instanceId: string, aheadMs: number): EventOutbox =>
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
      clock: {
        now: () => clock.now(),
        epochMs: () => clock.epochMs() + aheadMs,
        setTimer: (delayMs, callback) => clock.setTimer(delayMs, () => dead.has(instanceId) || callback()),
      },
      count: (outcome) => counted.push(outcome),
      onFailedTry: () => undefined,
      log: createLogger({ level: 'silent' }),
    });
  const told = (): string[] => sent.map(({ by, event }) => `${by} ${event.sequence} ${event.type}`);
  /** Nothing more comes from the instance. */
  const kill = (instanceId: string): void => void dead.add(instanceId);
  const outboxes = { one: open('one', 0), other: open('other', otherAheadMs) };
  return { ...outboxes, backend, clock, counted, kill, notes: notes(), sent, told };
}

/** The same as {@link scene}, with the first event of a call that was never taken. */
async function withDeadLetter() {
  const all = scene();
  all.one.begin(CALL, started);
  await settle();
  for (let tries = 0; tries < 3; tries++) {
    all.sent[tries]?.fail();
    await pass(all.clock, 5000);
  }
  assert.deepEqual(all.counted, ['dead']);
  return all;
}

const started = { type: 'call.started', isOnce: true, createdMs: 0, data: () => ({}) } as const;
const escalated = { type: 'call.escalated', createdMs: 0, data: () => ({}) } as const;
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

for (const aheadMs of [600_000, -600_000]) {
  const what = aheadMs > 0 ? 'ahead' : 'behind';

  test(`an instance whose clock is ten minutes ${what} leaves a try to the one that makes it, until that has had its time`, async () => {
    const { clock, kill, one, told } = scene({ otherAheadMs: aheadMs });
    one.begin(CALL, started);
    await settle();
    kill('one');
    await pass(clock, 29_000);
    assert.deepEqual(told(), ['one 1 call.started']);
    await pass(clock, 5000);
    assert.deepEqual(told(), ['one 1 call.started', 'other 1 call.started']);
  });
}

test('an event that was never taken is a dead letter until it is sent again', async () => {
  const { clock, counted, one, sent } = await withDeadLetter();
  assert.equal(sent.length, 3);
  const dead = await one.letters.of(CALL.call_sid);
  assert.deepEqual(
    dead.map(({ event, kind }) => [event.id, kind]),
    [['c0ffee-started', 'threw']],
  );
  assert.equal(await one.sendAgain(CALL.call_sid), 1);
  await settle();
  assert.deepEqual(await one.letters.list(), []);
  assert.equal(sent[3]?.event.id, 'c0ffee-started');
  sent[3]?.done();
  await pass(clock, 1000);
  assert.deepEqual(counted, ['dead', 'delivered']);
  assert.equal(await one.sendAgain(CALL.call_sid), 0);
});

test('a dead letter is sent again though the journal has forgotten the rest of its call, and nothing else is told of it', async () => {
  const { clock, one, sent, told } = await withDeadLetter();
  one.end(CALL.call_sid, ended, NO_TALLY);
  await settle();
  sent[3]?.done();
  await settle();
  sent.length = 0;
  clock.advance(25 * 3_600_000);
  assert.equal(await one.sendAgain(CALL.call_sid), 1);
  one.add(CALL.call_sid, ended);
  await settle();
  sent[0]?.done();
  await pass(clock, 1000);
  assert.deepEqual(told(), ['one 1 call.started']);
});

test('a journal that has lost everything gets back the events of the calls that are here, in their order', async () => {
  const { backend, clock, one, sent, told } = scene();
  one.begin(CALL, started);
  await settle();
  backend.forget();
  one.add(CALL.call_sid, escalated);
  await settle();
  sent[0]?.done();
  await settle();
  sent[1]?.done();
  await settle();
  backend.forget();
  one.end(CALL.call_sid, ended, NO_TALLY);
  await settle();
  sent[2]?.done();
  await pass(clock, 40_000);
  assert.deepEqual(told(), ['one 1 call.started', 'one 2 call.escalated', 'one 3 call.ended']);
});

test('another instance finds events that were written back to a journal that had lost them', async () => {
  const { backend, clock, kill, one, sent, told } = scene();
  one.begin(CALL, started);
  await settle();
  sent[0]?.fail();
  await settle();
  backend.forget();
  await pass(clock, 2000);
  assert.deepEqual(told(), ['one 1 call.started', 'one 1 call.started']);
  kill('one');
  await pass(clock, 60_000);
  assert.equal(told()[2], 'other 1 call.started');
});

test('a process that dies after the journal has lost everything leaves the events of its calls to another one', async () => {
  const { backend, clock, kill, one, other, sent, told } = scene();
  one.begin(CALL, started);
  await settle();
  sent[0]?.done();
  await pass(clock, 2000);
  backend.forget();
  await pass(clock, 16_000);
  kill('one');
  other.end(CALL.call_sid, ended, NO_TALLY);
  await settle();
  assert.deepEqual(told(), ['one 1 call.started', 'other 2 call.ended']);
});

test('an instance that has left a call writes back no less of its events than the one that has it knows', async () => {
  const { backend, clock, one, other, sent, told } = scene();
  one.begin(CALL, started);
  await settle();
  sent[0]?.done();
  await settle();
  // The first one does not know yet that the call has gone on elsewhere.
  other.begin(CALL, started);
  other.add(CALL.call_sid, escalated);
  await settle();
  sent[1]?.done();
  await settle();
  backend.forget();
  await pass(clock, 2000);
  other.end(CALL.call_sid, ended, NO_TALLY);
  await settle();
  assert.deepEqual(told(), ['one 1 call.started', 'other 2 call.escalated', 'other 3 call.ended']);
});

test('events of more calls than can wait for the receiver become dead letters at once', async () => {
  const { counted, one } = scene({ isShared: false });
  // Eight are being sent, and 5,000 wait.
  for (let n = 0; n < 5010; n++) {
    one.begin({ ...CALL, call_sid: `CA${n}` }, started);
    if (n % 100 === 0) await settle();
  }
  for (let turns = 0; turns < 200 && counted.length < 2; turns++) await settle();
  assert.deepEqual(counted, ['dead', 'dead']);
  const calls = await one.letters.list();
  assert.deepEqual(calls.map(({ callSid }) => callSid).toSorted(), ['CA5008', 'CA5009']);
});

test('the end of an outbox leaves no timer behind', async () => {
  const { clock, one, other, sent } = scene();
  one.begin(CALL, started);
  other.begin({ ...CALL, call_sid: 'CA2' }, started);
  await settle();
  const closed = Promise.all([one.close(), other.close()]);
  await settle();
  // Its next try would be due later.
  for (const { fail } of sent) fail();
  await pass(clock, 3000);
  await closed;
  await settle();
  assert.equal(clock.timers, 0);
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
  const { clock, counted, one, sent } = scene({ isShared: false });
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
