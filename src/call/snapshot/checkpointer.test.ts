import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeClock } from '../../../test/support/fake-clock.js';
import type { JournalEntry } from '../../journal/entry.js';
import type { Journal } from '../../journal/journal.js';
import { History } from '../../voice/history.js';
import type { CallFacts } from '../call-facts.js';
import { type CallState, CallStateMachine, type ExitPlan } from '../call-state.js';
import type { MediaSession } from '../media/media-session.js';
import type { Departure } from '../transfer/departure.js';
import { CallCheckpointer } from './checkpointer.js';
import { CallMigration } from './migration.js';

const timer = { cancel: () => undefined };
const moved: ExitPlan = { exit: { to: 'assistant', cause: 'moved', opening: undefined }, announce: undefined };

/** A call with an open stream, and the journal it writes to. `isWritten` is what the journal says of a write. */
function scene() {
  const clock = new FakeClock();
  const entries: JournalEntry[] = [];
  const write = { isWritten: true, before: (): void => undefined };
  const journal: Journal = {
    health: { backend: 'redis', isUp: true, unwritten: 0 },
    note: (entry) => void entries.push(entry),
    claim: () => Promise.resolve({ status: 'absent' }),
    peek: () => Promise.resolve(undefined),
    tell: () => undefined,
    told: () => Promise.resolve(undefined),
    forget: () => undefined,
    flush: () => {
      write.before();
      return Promise.resolve(write.isWritten);
    },
    close: () => Promise.resolve(),
  };
  const history = new History();
  const playback = { isPlaying: false, playing: [] as unknown[], close: () => undefined };
  const media = {
    playback,
    conversation: timer,
    stream: { close: () => undefined },
    health: { close: () => undefined },
    session: { callerWaitsMs: 0 },
    pauses: { isPause: () => true },
    idle: { awaitsAnswer: false, isQuiet: true },
    dtmf: { isCollecting: false },
  };
  Object.assign(media.conversation, { close: () => undefined });
  const talking = (): CallState => ({ name: 'talking', media: media as unknown as MediaSession });
  const machine = new CallStateMachine({ onEnter: () => checkpointer.note(), onLive: () => undefined });
  const departure = { resumes: 0, transfer: { failedDials: 0, escalation: {} } } as unknown as Departure;
  const call = {
    callSid: 'CA1',
    startedAtMs: 0,
    assistant: { prompt: { name: 'default' } },
    chosen: { changes: 0 },
  } as unknown as CallFacts;
  const checkpointer: CallCheckpointer = new CallCheckpointer({
    lastedMs: () => 0,
    more: () => ({}),
    call,
    history,
    machine,
    departure,
    services: { clock, journal, provider: { name: 'scripted' }, tokenLifeMs: 1000 },
  });
  const migration = new CallMigration({
    clock,
    machine,
    checkpointer,
    isBusy: () => false,
    midWordPlan: () => moved,
    part: (plan) => machine.enter({ name: 'parted', ...plan, expires: timer }),
  });
  const ringing: CallState = {
    name: 'ringing',
    streamToken: 't',
    opening: undefined,
    quietSinceMs: undefined,
    prewarmed: timer as never,
    tools: [],
    expires: timer,
  };
  machine.enter(ringing);
  machine.enter(talking());
  return { checkpointer, entries, history, machine, media, migration, ringing, talking, write };
}

const last = (entries: readonly JournalEntry[]): JournalEntry | undefined => entries.at(-1);

test('the journal hears of a move before the stream closes', async () => {
  const { entries, machine, migration, write } = scene();
  const told: unknown[] = [];
  write.before = () => void told.push(last(entries)?.stand.name, machine.state.name);
  await migration.begin('calm');
  assert.deepEqual(told, ['parted', 'talking']);
  assert.equal(machine.state.name, 'parted');
});

test('a call that moved and came back is talking again in the journal', async () => {
  const { checkpointer, entries, machine, migration, ringing, talking } = scene();
  await migration.begin('calm');
  machine.enter(ringing);
  machine.enter(talking());
  assert.deepEqual(last(entries)?.stand, { name: 'talking' });
  checkpointer.note();
  assert.deepEqual(last(entries)?.stand, { name: 'talking' });
});

test('a call whose move could not be written is talking again in the journal', async () => {
  const { entries, machine, migration, write } = scene();
  write.isWritten = false;
  await migration.begin('calm');
  assert.equal(machine.state.name, 'talking');
  assert.deepEqual(last(entries)?.stand, { name: 'talking' });
});

test('a call whose caller speaks while its move is written is talking again in the journal', async () => {
  const { entries, machine, media, migration, write } = scene();
  write.before = () => void (media.pauses.isPause = () => false);
  await migration.begin('calm');
  assert.equal(machine.state.name, 'talking');
  assert.deepEqual(last(entries)?.stand, { name: 'talking' });
});

test('the journal hears of a wait that began after the last turn was written, and of its end, once each', () => {
  const { checkpointer, entries, media } = scene();
  const before = entries.length;
  media.session.callerWaitsMs = 700;
  checkpointer.noteBetweenTurns();
  checkpointer.noteBetweenTurns();
  assert.equal(entries.length, before + 1);
  assert.deepEqual(last(entries)?.stand, { name: 'talking', quietSinceMs: Date.UTC(2026, 0, 1) - 700 });
  media.session.callerWaitsMs = 0;
  checkpointer.noteBetweenTurns();
  checkpointer.noteBetweenTurns();
  assert.equal(entries.length, before + 2);
  assert.deepEqual(last(entries)?.stand, { name: 'talking' });
});

test('the journal hears how far an answer that plays was heard, and nothing while none plays', () => {
  const { checkpointer, entries, history, media } = scene();
  history.assistantSaid('i1', 'It will be with you on Monday.');
  const before = entries.length;
  checkpointer.noteBetweenTurns();
  assert.equal(entries.length, before);
  media.playback.isPlaying = true;
  media.playback.playing = [{ itemId: 'i1', heardMs: 500, sentMs: 1000 }];
  checkpointer.noteBetweenTurns();
  assert.deepEqual(last(entries)?.turns, [{ speaker: 'assistant', text: 'It will be with', interrupted: true }]);
});
