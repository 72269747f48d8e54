import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ConsoleEvent } from '../../src/console/messages.js';
import { axisMs, stacked, tickMs, timelineOf } from './timeline.js';

let lastId = 0;
type Given = ConsoleEvent extends infer Event ? (Event extends ConsoleEvent ? Omit<Event, 'id'> : never) : never;
const event = (given: Given): ConsoleEvent => ({ ...given, id: `e${++lastId}` });

test('the timeline places speech as long as it lasts, and an item as long as it was sent', () => {
  const { lanes } = timelineOf(
    [
      event({ kind: 'model-speech', atMs: 500, itemId: 'a', sentMs: 2000, heardMs: 1200 }),
      event({ kind: 'caller-speech', atMs: 1700, ms: 900 }),
      event({ kind: 'barge-in', atMs: 1700 }),
    ],
    4000,
  );
  const spans = (lane: keyof typeof lanes): number[][] => lanes[lane].map(({ fromMs, toMs }) => [fromMs, toMs]);
  assert.deepEqual(spans('model'), [[500, 2500]]);
  assert.deepEqual(spans('caller'), [[1700, 2600]]);
  assert.deepEqual(spans('marks'), [[1700, 1700]]);
});

test('a session and a state last until the next one, and the last until the end of the call', () => {
  const { firstProvider, lanes } = timelineOf(
    [
      event({ kind: 'state', atMs: 100, state: 'talking' }),
      event({ kind: 'renewal', atMs: 5000, provider: 'openai', silenceMs: 0 }),
      event({ kind: 'resume', atMs: 6000, cause: 'stream_lost', instance: 'w1' }),
      event({ kind: 'failover', atMs: 8000, from: 'openai', to: 'nova', silenceMs: 1400 }),
      event({ kind: 'state', atMs: 9000, state: 'ended' }),
    ],
    9500,
  );
  assert.equal(firstProvider, 'openai');
  assert.deepEqual(
    lanes.session.map(({ fromMs, toMs }) => [fromMs, toMs]),
    [
      [5000, 8000],
      [8000, 9500],
    ],
  );
  assert.deepEqual(
    lanes.stream.map(({ event: { kind }, fromMs, toMs }) => [kind, fromMs, toMs]),
    [
      ['state', 100, 9000],
      ['resume', 6000, 6000],
      ['state', 9000, 9000],
    ],
  );
});

test('the silence of a new session lies before it, that of a new stream after it, and none is drawn for none', () => {
  const { silences } = timelineOf(
    [
      event({ kind: 'reconnect', atMs: 1000, provider: 'openai', silenceMs: 1400 }),
      event({ kind: 'resume', atMs: 5000, cause: 'stream_lost', instance: 'w1', silenceMs: 700 }),
      event({ kind: 'renewal', atMs: 7000, provider: 'openai', silenceMs: 0 }),
      event({ kind: 'resume', atMs: 9000, cause: 'moved', instance: 'w1' }),
    ],
    10_000,
  );
  assert.deepEqual(
    silences.map(({ fromMs, toMs }) => [fromMs, toMs]),
    [
      [0, 1000],
      [5000, 5700],
    ],
  );
});

test('a dial lasts until it is reported over', () => {
  const events = [
    event({ kind: 'handover', atMs: 100, step: 'dial' }),
    event({ kind: 'handover', atMs: 400, step: 'digits', digits: 10 }),
  ];
  const ends = (more: ConsoleEvent[]): number[] =>
    timelineOf([...events, ...more], 9000).lanes.handover.map(({ toMs }) => toMs);
  assert.deepEqual(ends([]), [9000, 400]);
  assert.deepEqual(ends([event({ kind: 'dial', atMs: 5000, outcome: 'bridged' })]), [5000, 400, 5000]);
});

test('marks that are close stand in rows, and the last row takes what has no room', () => {
  assert.deepEqual(stacked([0, 5, 30, 31, 32, 33], 20, 3), [0, 1, 0, 1, 2, 2]);
});

test('the ticks of the axis keep their distance, and the axis of a live call has room', () => {
  assert.equal(tickMs(0.1, 70), 1000);
  assert.equal(tickMs(0.01, 70), 10_000);
  assert.equal(axisMs(3000, false), 20_000);
  assert.equal(axisMs(61_000, false), 90_000);
  assert.equal(axisMs(61_000, true), 61_610);
});
