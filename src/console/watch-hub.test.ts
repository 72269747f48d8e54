import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeClock } from '../../test/support/fake-clock.js';
import { CallBoard } from './call-board.js';
import type { Encoded } from './encoded.js';
import type { CallRow } from './messages.js';
import type { InstanceUpdate, Opened, OtherInstances } from './other-instances.js';
import { TapesOfOthers } from './tapes.js';
import { MAX_WATCHERS, WatchHub, type Watcher } from './watch-hub.js';

interface Seen {
  event: string;
  data: Record<string, unknown> & { calls?: { callSid: string; state: string }[]; gone?: string[]; events?: unknown[] };
}

class Page implements Watcher {
  readonly callSid: string | undefined;
  readonly seen: Seen[] = [];
  readonly encoded: Encoded[] = [];
  comments = 0;
  isEnded = false;

  constructor(callSid?: string) {
    this.callSid = callSid;
  }

  send(message: Encoded): void {
    this.encoded.push(message);
    this.seen.push(JSON.parse(message.asMessage.toString()) as Seen);
  }

  comment(): void {
    this.comments++;
  }

  end(): void {
    this.isEnded = true;
  }

  /** Returns what came since the last time. */
  take(): Seen[] {
    return this.seen.splice(0);
  }
}

function hubOf({
  others,
  clock = new FakeClock(),
  tapes,
}: { others?: OtherInstances; clock?: FakeClock; tapes?: TapesOfOthers } = {}) {
  const board = new CallBoard({ clock, instance: () => 'w1', showsTranscripts: true });
  const counts: number[] = [];
  const hub = new WatchHub({
    clock,
    board,
    others,
    ...(tapes === undefined ? {} : { tapes }),
    onCount: (count) => counts.push(count),
  });
  const start = (callSid: string): void =>
    board.onCallEvent({
      type: 'started',
      callSid,
      conversationId: '',
      from: '',
      to: '',
      startedAtMs: clock.epochMs(),
      provider: 'local',
      turns: 0,
    });
  const enter = (callSid: string, state: 'talking' | 'leaving'): void =>
    board.onCallEvent({ type: 'state', callSid, state });
  const watch = (callSid?: string): Page => {
    const page = new Page(callSid);
    hub.add(page);
    return page;
  };
  return { clock, board, counts, hub, start, enter, watch };
}

test('without a watcher nothing listens and no timer runs, and again after the last one', () => {
  const { board, clock, counts, enter, hub, start, watch } = hubOf();
  start('CA1');
  enter('CA1', 'talking');
  assert.deepEqual([clock.timers, board.onChange], [0, undefined]);
  const page = watch();
  enter('CA1', 'leaving');
  assert.equal(clock.timers, 2);
  hub.remove(page);
  hub.remove(page);
  assert.deepEqual([clock.timers, board.onChange], [0, undefined]);
  assert.deepEqual(counts, [1, 0]);
});

test('a watcher gets a snapshot, then only what changes, in numbered batches', () => {
  const { board, clock, enter, start, watch } = hubOf();
  start('CA1');
  start('CA2');
  const page = watch();
  const [snapshot] = page.take();
  assert.equal(snapshot?.event, 'snapshot');
  assert.deepEqual([snapshot.data['seq'], snapshot.data['total'], snapshot.data.calls?.length], [0, 2, 2]);
  clock.advance(10_000);
  assert.deepEqual(page.take(), [], 'nothing has changed');
  enter('CA2', 'talking');
  board.onCallEvent({ type: 'ended', callSid: 'CA1', outcome: 'completed' });
  clock.advance(0);
  const [batch] = page.take();
  assert.equal(batch?.event, 'batch');
  assert.deepEqual([batch.data['seq'], batch.data['total'], batch.data.gone], [1, 1, ['CA1']]);
  assert.deepEqual(
    batch.data.calls?.map(({ callSid, state }) => [callSid, state]),
    [['CA2', 'talking']],
  );
});

test('a watcher gets at most four batches a second, however much happens', () => {
  const { clock, enter, start, watch } = hubOf();
  start('CA1');
  const page = watch();
  page.take();
  for (let ms = 0; ms < 3000; ms += 10) {
    enter('CA1', ms % 20 === 0 ? 'talking' : 'leaving');
    clock.advance(10);
  }
  // The first at once, and each other 250 ms after the one before.
  assert.equal(page.take().length, 13);
});

test('a call that begins and ends between two batches is in neither', () => {
  const { board, clock, enter, start, watch } = hubOf();
  start('CA1');
  const page = watch();
  enter('CA1', 'talking');
  clock.advance(0);
  page.take();
  start('CA2');
  board.onCallEvent({ type: 'ended', callSid: 'CA2', outcome: 'completed' });
  clock.advance(1000);
  assert.deepEqual(page.take(), []);
});

test('a batch is encoded once for all watchers', () => {
  const { clock, enter, start, watch } = hubOf();
  start('CA1');
  const pages = [watch(), watch()];
  enter('CA1', 'talking');
  clock.advance(0);
  assert.equal(pages[0]?.encoded[1], pages[1]?.encoded[1]);
  assert.equal(pages[0]?.encoded[1]?.asEvent, pages[1]?.encoded[1]?.asEvent);
});

test('who has opened a call gets its events so far, then each new or changed one, and nobody else does', () => {
  const { board, clock, enter, start, watch } = hubOf();
  start('CA1');
  start('CA2');
  enter('CA1', 'talking');
  const opened = watch('CA1');
  const list = watch();
  assert.deepEqual(
    opened.take().map(({ data, event }) => [event, data.events?.length]),
    [
      ['snapshot', undefined],
      ['timeline', 1],
    ],
  );
  const turn = { speaker: 'assistant' as const, itemId: 'a', text: 'One two three.', interrupted: false };
  board.onCallEvent({ type: 'turn', callSid: 'CA1', turn });
  board.onCallEvent({ type: 'turn', callSid: 'CA1', turn: { ...turn, text: 'One', interrupted: true } });
  enter('CA2', 'talking');
  clock.advance(0);
  const timelines = opened.take().filter(({ event }) => event === 'timeline');
  assert.equal(timelines.length, 1);
  assert.deepEqual([timelines[0]?.data['callSid'], timelines[0]?.data.events?.length], ['CA1', 1]);
  assert.ok(list.take().every(({ event }) => event !== 'timeline'));
  board.logged('CA1', 'info', 'a line');
  board.logged('CA1', 'info', 'another');
  clock.advance(250);
  assert.deepEqual(
    opened.take().map(({ event }) => event),
    ['timeline'],
  );
  assert.deepEqual(list.take(), [], 'no row has changed');
});

test('an open stream hears something every fifteen seconds', () => {
  const { clock, watch } = hubOf();
  const page = watch();
  clock.advance(45_000);
  assert.equal(page.comments, 3);
});

test('a process that is about to stop sends its watchers away, and those who come later', () => {
  const { clock, hub, watch } = hubOf();
  const page = watch();
  hub.drain();
  assert.deepEqual([page.seen.at(-1)?.event, page.isEnded, clock.timers], ['bye', true, 0]);
  const late = watch();
  assert.deepEqual(
    late.seen.map(({ event }) => event),
    ['snapshot', 'bye'],
  );
  assert.ok(late.isEnded);
  assert.equal(clock.timers, 0);
});

test('twenty watchers fill a process', () => {
  const { hub, watch } = hubOf();
  for (let n = 0; n < MAX_WATCHERS; n++) {
    assert.ok(!hub.isFull);
    watch();
  }
  assert.ok(hub.isFull);
});

const row = (callSid: string, state = 'talking'): CallRow => ({
  callSid,
  instance: 'w2',
  state,
  provider: 'local',
  startedAt: 0,
  direction: 'inbound',
  from: '',
  to: '',
  turns: 0,
  bargeIns: 0,
  lastTurnMs: null,
  quietForMs: 0,
  escalation: null,
  tape: false,
});

/** One other instance, which has the call CA2 with one event. */
class Other implements OtherInstances {
  readonly watched: Opened[] = [];
  readonly published: InstanceUpdate[] = [];
  asked = 0;

  join(): void {
    // The test tells the hub itself.
  }

  watch(opened: Opened): void {
    this.watched.push(opened);
  }

  publish(update: InstanceUpdate): void {
    this.published.push(update);
  }

  ask(name: string): ReturnType<OtherInstances['ask']> {
    this.asked++;
    const event = { atMs: 5, id: 'w2-1', kind: 'state', state: 'talking' };
    const answer = name === 'lists' ? { calls: [row('CA2')], recent: [] } : { call: row('CA2'), events: [event] };
    return Promise.resolve({ answers: [{ instance: 'w2', answer }], isComplete: true }) as ReturnType<
      OtherInstances['ask']
    >;
  }

  count(): Promise<number> {
    return Promise.resolve(2);
  }

  close(): void {
    // It has nothing to close.
  }
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('a watcher gets the calls of all instances, and those that change on another one', async () => {
  const others = new Other();
  const { clock, hub, start, watch } = hubOf({ others });
  start('CA1');
  const list = watch();
  const opened = watch('CA2');
  assert.deepEqual(others.watched, [[], ['CA2']]);
  await settled();
  const [snapshot] = list.take();
  assert.deepEqual([snapshot?.data['total'], snapshot?.data.calls?.length], [2, 2]);
  assert.deepEqual(
    opened.take().map(({ data, event }) => [event, data.events?.length]),
    [
      ['snapshot', undefined],
      ['timeline', 1],
    ],
  );
  clock.advance(250);
  for (const page of [list, opened]) page.take();
  hub.onUpdate('w2', {
    calls: [row('CA2', 'leaving'), row('CA3')],
    gone: [],
    events: [
      ['CA2', [{ atMs: 7, id: 'w2-2', kind: 'barge-in' }]],
      ['CA3', [{ atMs: 7, id: 'w2-3', kind: 'barge-in' }]],
    ],
  });
  clock.advance(250);
  assert.deepEqual(
    list.take().map(({ data, event }) => [event, data['total'], data.calls?.map(({ state }) => state)]),
    [['batch', 3, ['leaving', 'talking']]],
  );
  assert.deepEqual(
    opened.take().map(({ event }) => event),
    ['batch', 'timeline'],
  );
  hub.onUpdate('w2', { calls: [], gone: ['CA2'], events: [] });
  hub.onLost('w2');
  clock.advance(250);
  const [last] = list.take();
  assert.deepEqual([last?.data.gone, last?.data['total']], [['CA2'], 2]);
  assert.equal((last?.data.calls as CallRow[] | undefined)?.[0]?.silent, true);
  for (const page of [list, opened]) hub.remove(page);
  assert.deepEqual([others.watched.at(-1), clock.timers], [undefined, 0]);
});

test('an instance tells the others what changes only while one of them watches, with signs of life', () => {
  const others = new Other();
  const { board, clock, enter, hub, start } = hubOf({ others });
  start('CA1');
  enter('CA1', 'talking');
  assert.deepEqual([clock.timers, others.published], [0, []]);
  hub.onWatched(['CA1']);
  enter('CA1', 'leaving');
  board.logged('CA1', 'info', 'a line');
  board.onCallEvent({ type: 'ended', callSid: 'CA9', outcome: 'completed' });
  clock.advance(0);
  assert.deepEqual(
    others.published.map(({ calls, events, gone }) => [
      calls.length,
      gone,
      events.map(([sid, all]) => [sid, all.length]),
    ]),
    [[1, [], [['CA1', 2]]]],
  );
  clock.advance(2500);
  assert.deepEqual(others.published.at(-1), { calls: [], gone: [], events: [] });
  board.onCallEvent({ type: 'ended', callSid: 'CA1', outcome: 'completed' });
  clock.advance(0);
  assert.deepEqual(others.published.at(-1)?.gone, ['CA1']);
  hub.onWatched(undefined);
  assert.deepEqual([clock.timers, board.onChange], [0, undefined]);
});

test('an instance that falls silent under a watcher is in doubt after ten seconds', async () => {
  const others = new Other();
  const { clock, hub, watch } = hubOf({ others });
  const page = watch();
  await settled();
  clock.advance(250);
  page.take();
  clock.advance(7500);
  hub.onUpdate('w2', { calls: [], gone: [], events: [] });
  clock.advance(9000);
  assert.deepEqual(page.take(), []);
  clock.advance(4000);
  const [batch] = page.take();
  assert.deepEqual(
    (batch?.data.calls as CallRow[] | undefined)?.map(({ silent }) => silent),
    [true],
  );
  hub.remove(page);
});

test('a watcher that goes before its snapshot gets nothing and leaves nothing', async () => {
  const others = new Other();
  const { clock, hub, watch } = hubOf({ others });
  const page = watch('CA2');
  hub.remove(page);
  await settled();
  assert.deepEqual([page.seen, clock.timers], [[], 0]);
});

test("a watcher is told of a tape of another instance's call only if this instance has it", async () => {
  const here = { has: () => false, isKept: (callSid: string) => Promise.resolve(callSid === 'CA2') };
  const tapes = new TapesOfOthers({ ...here, open: () => Promise.resolve(undefined) });
  const { clock, hub, watch } = hubOf({ others: new Other(), tapes });
  const page = watch();
  await settled();
  page.take();
  const taped = (callSid: string): CallRow => ({ ...row(callSid), tape: true });
  hub.onUpdate('w2', { calls: [taped('CA2'), taped('CA3')], gone: [], events: [] });
  clock.advance(250);
  await settled();
  clock.advance(250);
  const rows = page.take().flatMap(({ data }) => (data.calls ?? []) as unknown as CallRow[]);
  assert.equal(rows.findLast(({ callSid }) => callSid === 'CA2')?.tape, true);
  assert.equal(rows.findLast(({ callSid }) => callSid === 'CA3')?.tape, false);
});
