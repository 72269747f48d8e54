import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeClock } from '../../test/support/fake-clock.js';
import { createLogger } from '../telemetry/log.js';
import { BackendFailure, type BackendWrite, type HeldData, type JournalBackend } from './backend.js';
import { backendContract } from '../../test/contracts/journal-backend.js';
import { type ClaimOutcome, CallJournal, type JournalOptions, type WriteOutcome } from './journal.js';
import { MemoryBackend } from './memory-backend.js';
import { sampleEntry } from '../../test/support/journal-entry.js';
import { drawKey } from './seal.js';

const key = drawKey();
const silent = createLogger({ level: 'silent' });

/** Opens journals of several instances over one backend that can be made to fail. */
function rig(options: Partial<JournalOptions> = {}) {
  const clock = new FakeClock();
  const store = new FlakyBackend(clock);
  const lost: string[] = [];
  const writes: WriteOutcome[] = [];
  const claims: ClaimOutcome[] = [];
  const lines: string[] = [];
  const log = createLogger({ level: 'info', destination: { write: (line) => void lines.push(line) } });
  const open = (instanceId: string, changes: Partial<JournalOptions> = {}): CallJournal =>
    new CallJournal({
      backend: store,
      keys: [key],
      instanceId,
      clock,
      log,
      onLost: (callSid) => lost.push(callSid),
      onWrite: (outcome) => writes.push(outcome),
      onClaim: (outcome) => claims.push(outcome),
      ...options,
      ...changes,
    });
  return { clock, store, lost, writes, claims, lines, open };
}

class FlakyBackend extends MemoryBackend implements JournalBackend {
  mode: 'works' | 'refuses' | 'hangs' = 'works';
  readonly seen: BackendWrite[] = [];
  /** Called when a write has begun. */
  onWrite: () => void = () => undefined;

  override async write(write: BackendWrite): Promise<number | 'fenced'> {
    this.seen.push(write);
    this.onWrite();
    await this.obey();
    return super.write(write);
  }

  override async claim(callSid: string, owner: string): Promise<HeldData | undefined> {
    await this.obey();
    return super.claim(callSid, owner);
  }

  private async obey(): Promise<void> {
    if (this.mode === 'refuses') throw new BackendFailure('OOM');
    if (this.mode === 'hangs') await new Promise(() => undefined);
  }
}

/** Takes writes at once, and answers them when `answers` resolves. */
class LateBackend extends MemoryBackend {
  answers = Promise.resolve();

  override async write(write: BackendWrite): Promise<number | 'fenced'> {
    const result = await super.write(write);
    await this.answers;
    return result;
  }
}

/** Runs everything that does not wait for the clock. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 50; turn++) {
    await new Promise<void>((resolve) => {
      setImmediate(resolve);
    });
  }
}

test('the memory backend fulfils the contract of a journal backend', async (t) => {
  const clock = new FakeClock();
  await backendContract(t, new MemoryBackend(clock), async (ms) => clock.advance(ms));
});

test('another instance claims the latest snapshot, and the first one is told that it lost the call', async () => {
  const { open, lost, claims } = rig();
  const [a, b] = [open('a'), open('b')];
  const entry = sampleEntry();
  a.note(sampleEntry({ callSid: entry.callSid, turns: [] }));
  a.note(entry);
  await a.flush();
  assert.deepEqual(await b.claim(entry.callSid), { status: 'claimed', entry, wasOurs: false });
  assert.deepEqual(await b.claim('CAunknown'), { status: 'absent' });
  assert.deepEqual(claims, ['claimed', 'absent']);
  b.note({ ...entry, resumes: 1 });
  a.note({ ...entry, dials: 3 });
  await Promise.all([a.flush(), b.flush()]);
  assert.deepEqual(lost, [entry.callSid], 'the first instance is told');
  assert.deepEqual(await a.peek(entry.callSid), { ...entry, resumes: 1 });
});

test('a claim on a late event loop takes the answer that came in time, and gives up on one that never comes', async () => {
  const { clock, open, store } = rig();
  const [a, b] = [open('a'), open('b')];
  const entry = sampleEntry();
  a.note(entry);
  await a.flush();
  let answer = (): void => undefined;
  const came = new Promise<void>((resolve) => (answer = resolve));
  const claim = store.claim.bind(store);
  store.claim = async (callSid, owner) => {
    await came;
    return claim(callSid, owner);
  };
  const claimed = b.claim(entry.callSid);
  // The loop is blocked while the answer arrives. It then runs its timers first, and reads its sockets after them.
  clock.stall(2000);
  answer();
  assert.deepEqual(await claimed, { status: 'claimed', entry, wasOurs: false });
  store.mode = 'hangs';
  const unanswered = b.claim(entry.callSid);
  clock.advance(500);
  assert.deepEqual(await unanswered, { status: 'unavailable' });
});

test('peeking at a journal entry does not take the call over', async () => {
  const { open, lost } = rig();
  const [a, b] = [open('a'), open('b')];
  const entry = sampleEntry();
  a.note(entry);
  await a.flush();
  assert.deepEqual(await b.peek(entry.callSid), entry);
  a.note({ ...entry, dials: 1 });
  await a.flush();
  assert.deepEqual(lost, []);
});

test('a hundred notes of one call become a single write of the latest', async () => {
  const { open, store, clock } = rig();
  const journal = open('a');
  const entry = sampleEntry();
  for (let dials = 0; dials < 100; dials++) journal.note({ ...entry, dials });
  assert.equal(store.seen.length, 0, 'nothing is encrypted or written while noting');
  await journal.flush();
  assert.equal(store.seen.length, 1);
  const claim = await journal.claim(entry.callSid);
  assert.equal(claim.status === 'claimed' && claim.entry.dials, 99);
  await journal.close();
  assert.equal(clock.timers, 0);
});

test('a snapshot that is noted while an older one is being written is written after it', async () => {
  const { open, store } = rig();
  const journal = open('a');
  const entry = sampleEntry();
  store.onWrite = () => {
    if (store.seen.length === 1) journal.note({ ...entry, dials: 1 });
  };
  journal.note(entry);
  assert.equal(await journal.flush(), true);
  assert.equal(store.seen.length, 2);
  const claim = await journal.claim(entry.callSid);
  assert.equal(claim.status === 'claimed' && claim.entry.dials, 1);
});

test('flushing one call does not wait for others, nor for a backend that refuses to write', async () => {
  const { open, store } = rig();
  const journal = open('a');
  const entry = sampleEntry({ callSid: 'CAone' });
  journal.note(entry);
  await journal.flush('CAother');
  assert.equal(store.seen.length, 0);
  assert.equal(await journal.flush('CAone'), true);
  assert.deepEqual(await journal.peek('CAone'), entry);
  store.mode = 'refuses';
  journal.note({ ...entry, dials: 1 });
  assert.equal(await journal.flush('CAone'), false);
  journal.note({ ...entry, dials: 2 });
  assert.equal(await journal.flush('CAone'), false);
  assert.equal(journal.health.unwritten, 1);
  await journal.close();
});

test('a backend that refuses is retried with one call, less and less often, until all calls are written', async () => {
  const { clock, lines, open, store, writes } = rig();
  const health: boolean[] = [];
  const journal = open('a', { onHealth: (isUp) => health.push(isUp) });
  store.mode = 'refuses';
  const entries = Array.from({ length: 50 }, () => sampleEntry());
  for (const entry of entries) journal.note(entry);
  await settle();
  assert.deepEqual(journal.health, { backend: 'memory', isUp: false, unwritten: 50 });
  const tried = store.seen.length;
  assert.ok(tried <= 8, `${tried} writes before giving up`);
  for (let second = 0; second < 60; second++) {
    clock.advance(1000);
    await settle();
  }
  assert.ok(store.seen.length - tried <= 20, `${store.seen.length - tried} tries in a minute`);
  assert.equal(lines.filter((line) => line.includes('cannot be written')).length, 1, 'logged once');
  assert.match(lines.join(''), /"kind":"OOM"/);

  store.mode = 'works';
  clock.advance(5000);
  await settle();
  assert.equal(writes.filter((outcome) => outcome === 'written').length, 50);
  assert.deepEqual(journal.health, { backend: 'memory', isUp: true, unwritten: 0 });
  assert.deepEqual(health, [true, false, true]);
  await journal.close();
});

test('a call has lasted as long for its next instance as it has, though it was written late and the clocks differ', async () => {
  const { clock, open, store } = rig();
  const journal = open('a');
  const ahead = {
    now: () => clock.now(),
    epochMs: () => clock.epochMs() + 3_600_000,
    setTimer: clock.setTimer.bind(clock),
  };
  const other = open('b', { clock: ahead });
  store.mode = 'refuses';
  const entry = sampleEntry({ writtenAtMs: clock.epochMs(), lastedMs: 40_000 });
  journal.note(entry);
  for (let second = 0; second < 60; second++) {
    clock.advance(1000);
    await settle();
  }
  store.mode = 'works';
  clock.advance(5000);
  await settle();
  clock.advance(7000);
  const claim = await other.claim(entry.callSid);
  const lastedMs = claim.status === 'claimed' ? (claim.entry.lastedMs ?? 0) : 0;
  // The write takes five seconds here, because the clock moves at once.
  assert.ok(lastedMs >= 40_000 + 60_000 + 7000 && lastedMs <= 40_000 + 65_000 + 7000, `${lastedMs} ms`);
  await journal.close();
  await other.close();
});

test('a claim of the own call is known as own, though a write before it is answered later', async () => {
  const { clock, open } = rig();
  const store = new LateBackend(clock);
  const journal = open('a', { backend: store });
  const entry = sampleEntry();
  const isOurs = async (): Promise<boolean> => {
    const claim = await journal.claim(entry.callSid);
    return claim.status === 'claimed' && claim.wasOurs;
  };
  journal.note(entry);
  await settle();
  let answer = (): void => undefined;
  store.answers = new Promise((resolve) => {
    answer = resolve;
  });
  journal.note({ ...entry, dials: 1 });
  await settle();
  assert.ok(await isOurs());
  answer();
  await settle();
  assert.ok(await isOurs());
  await journal.close();
});

test('a claim without an answer ends after half a second, and the claimer still takes the call over by writing', async () => {
  const { claims, clock, lost, open, store } = rig();
  const [a, b] = [open('a'), open('b')];
  const entry = sampleEntry();
  a.note(entry);
  await a.flush();
  store.mode = 'hangs';
  const claim = b.claim(entry.callSid);
  clock.advance(499);
  await settle();
  assert.deepEqual(claims, []);
  clock.advance(1);
  assert.deepEqual(await claim, { status: 'unavailable' });

  store.mode = 'works';
  b.note({ ...entry, turns: [] });
  await b.flush();
  a.note(entry);
  await a.flush();
  assert.deepEqual(lost, [entry.callSid]);
  const kept = await b.peek(entry.callSid);
  assert.deepEqual(kept?.turns, []);
});

test('a backend that hangs or refuses does not delay the end of the process beyond two seconds', async () => {
  for (const mode of ['hangs', 'refuses'] as const) {
    const { clock, open, store } = rig();
    const journal = open('a');
    store.mode = mode;
    for (let call = 0; call < 20; call++) journal.note(sampleEntry());
    const closed = journal.close();
    await settle();
    assert.ok(store.seen.length <= 8, `${store.seen.length} concurrent writes`);
    clock.advance(2000);
    await closed;
    journal.note(sampleEntry());
    assert.equal(clock.timers, 0, mode);
  }
});

test('an entry with an unknown key or damage counts as absent, and the log says why without a word of the call', async () => {
  const { claims, lines, open, store } = rig();
  const entry = sampleEntry();
  const a = open('a');
  a.note(entry);
  await a.flush();
  const stranger = open('b', { keys: [drawKey()] });
  assert.deepEqual(await stranger.claim(entry.callSid), { status: 'absent' });
  assert.match(lines.join(''), /JOURNAL_KEY/);
  assert.match(lines.join(''), /"reason":"unknown_key"/);
  const held = store.seen[0]?.data;
  assert.ok(held);
  await store.write({ callSid: entry.callSid, owner: 'x', epoch: 'unread', data: held.fill(0, 40), ttlMs: 60_000 });
  assert.deepEqual(await open('c').claim(entry.callSid), { status: 'absent' });
  assert.match(lines.join(''), /"reason":"damaged"/);
  assert.deepEqual(claims, ['unreadable', 'unreadable']);
  assert.doesNotMatch(lines.join(''), /order|\+1/);
});

test('the journal remembers for ten minutes that a call is over, even if it is noted late', async () => {
  const { clock, open, store } = rig();
  const journal = open('a', { log: silent });
  const entry = sampleEntry();
  journal.note(entry);
  await journal.flush();
  journal.forget(entry.callSid, 'completed');
  journal.note(entry);
  await journal.flush();
  assert.deepEqual((await journal.peek(entry.callSid))?.stand, { name: 'ended', outcome: 'completed' });
  clock.advance(9 * 60_000);
  assert.equal((await journal.claim(entry.callSid)).status, 'claimed');
  clock.advance(60_000);
  assert.deepEqual(await journal.claim(entry.callSid), { status: 'absent' });
  assert.equal(journal.health.unwritten, 0);
  assert.equal(store.seen.length, 2);
});
