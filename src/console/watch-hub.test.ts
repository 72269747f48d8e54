import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeClock } from '../../test/support/fake-clock.js';
import { CallBoard } from './call-board.js';
import type { Encoded } from './encoded.js';
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

function hubOf() {
  const clock = new FakeClock();
  const board = new CallBoard({ clock, instance: () => 'w1', showsTranscripts: true });
  const counts: number[] = [];
  const hub = new WatchHub({ clock, board, onCount: (count) => counts.push(count) });
  const start = (callSid: string): void =>
    board.onCallEvent({
      type: 'started',
      callSid,
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
