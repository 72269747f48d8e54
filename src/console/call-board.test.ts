import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeClock } from '../../test/support/fake-clock.js';
import type { CallEvent } from '../call/call-events.js';
import { CallBoard } from './call-board.js';
import { maskedNumber } from './masked-number.js';
import type { ConsoleEvent } from './messages.js';

const SID = 'CA1';

function boardOf({ showsTranscripts = true } = {}) {
  const clock = new FakeClock();
  const board = new CallBoard({ clock, instance: () => 'w1', showsTranscripts });
  const start = (callSid = SID, more: Partial<Extract<CallEvent, { type: 'started' }>> = {}): void =>
    board.onCallEvent({
      type: 'started',
      callSid,
      conversationId: 'c1',
      from: '+12025550123',
      to: '+12065550199',
      startedAtMs: clock.epochMs(),
      provider: 'openai',
      turns: 0,
      ...more,
    });
  const on = (event: Omit<CallEvent, 'callSid'> & Record<string, unknown>): void =>
    board.onCallEvent({ callSid: SID, ...event } as CallEvent);
  const turn = (itemId: string, text: string, more = {}): void =>
    on({ type: 'turn', turn: { speaker: 'assistant', itemId, text, interrupted: false, ...more } });
  const events = (): ConsoleEvent[] => board.find(SID)?.events ?? [];
  return { board, clock, start, on, turn, events };
}

test('a row begins with what is known of the call, and follows it', () => {
  const { board, clock, on, start, turn } = boardOf();
  start();
  const startedAt = clock.epochMs();
  on({ type: 'state', state: 'talking' });
  clock.advance(5000);
  on({ type: 'answered', itemId: 'a', provider: 'nova', waitedMs: 640.4, modelMs: 600 });
  turn('a', 'Hello.');
  on({ type: 'barge-in' });
  on({
    type: 'escalated',
    escalation: { trigger: 'phrase', reason: 'billing', summary: 'private', customerName: 'x' },
  });
  on({ type: 'handover-prepared', handoverId: 'h1' });
  assert.deepEqual(board.row(SID), {
    callSid: SID,
    instance: 'w1',
    state: 'talking',
    provider: 'nova',
    startedAt,
    direction: 'inbound',
    from: '+12025550123',
    to: '+12065550199',
    turns: 1,
    bargeIns: 1,
    lastTurnMs: 640,
    quietForMs: 0,
    escalation: { trigger: 'phrase', reason: 'billing', atMs: 5000 },
    handoverId: 'h1',
    tape: false,
  });
  assert.ok(!JSON.stringify(board.find(SID)).includes('private'));
});

test('the silence of a caller grows by itself, from when it began', () => {
  const { board, clock, on, start } = boardOf();
  start();
  assert.equal(board.row(SID)?.quietForMs, 0);
  on({ type: 'quiet', forMs: 0 });
  assert.equal(board.row(SID)?.quietForMs, 1);
  clock.advance(4000);
  assert.equal(board.row(SID)?.quietForMs, 4000);
  on({ type: 'quiet', forMs: undefined });
  assert.equal(board.row(SID)?.quietForMs, 0);
  on({ type: 'quiet', forMs: 700 });
  assert.equal(board.row(SID)?.quietForMs, 700);
});

test('spans stand where they began, so that events are in order', () => {
  const { clock, events, on, start } = boardOf();
  start();
  clock.advance(1000);
  on({ type: 'barge-in' });
  clock.advance(500);
  on({ type: 'caller-speech', ms: 800 });
  on({ type: 'model-speech', itemId: 'a', sentMs: 4000, heardMs: 1200, beganAgoMs: 1400, firstMarkAgoMs: 1200 });
  const shown = events().map((event) => [event.kind, event.atMs]);
  assert.deepEqual(shown, [
    ['model-speech', 100],
    ['caller-speech', 700],
    ['barge-in', 1000],
  ]);
  assert.equal(new Set(events().map(({ id }) => id)).size, 3);
});

test('an answer has the parts of its latency that were measured, the heard one once its first mark is back', () => {
  const { clock, events, on, start, turn } = boardOf();
  start();
  clock.advance(2000);
  on({ type: 'answered', itemId: 'a', provider: 'openai', waitedMs: 700, modelMs: 650 });
  turn('a', 'Hello.');
  const latency = { speechStoppedMs: 1300, firstModelAudioMs: 1950, sentMs: 2000 };
  assert.deepEqual(events()[0], {
    atMs: 2000,
    id: 'w1-1',
    kind: 'turn',
    itemId: 'a',
    speaker: 'assistant',
    text: 'Hello.',
    interrupted: false,
    latency,
  });
  clock.advance(1000);
  on({ type: 'model-speech', itemId: 'a', sentMs: 900, heardMs: 900, beganAgoMs: 950, firstMarkAgoMs: 740 });
  const turned = events().find(({ kind }) => kind === 'turn');
  assert.deepEqual(turned?.kind === 'turn' && turned.latency, { ...latency, heardMs: 2260 });
  turn('b', 'A line of the gateway.');
  assert.ok(!('latency' in (events().at(-1) ?? {})));
});

test('an interrupted turn keeps what was not heard apart, and counts once', () => {
  const { board, events, on, start, turn } = boardOf();
  start();
  turn('a', 'It left on Monday and should arrive.');
  const { id } = events()[0] ?? {};
  turn('a', 'It left on', { interrupted: true });
  assert.equal(board.row(SID)?.turns, 1);
  assert.deepEqual(events(), [
    {
      atMs: 0,
      id,
      kind: 'turn',
      itemId: 'a',
      speaker: 'assistant',
      text: 'It left on',
      unheard: ' Monday and should arrive.',
      interrupted: true,
    },
  ]);
  turn('b', 'Never heard.');
  on({ type: 'model-speech', itemId: 'b', sentMs: 900, heardMs: 0, beganAgoMs: 0 });
  const never = events().find((event) => event.kind === 'turn' && event.itemId === 'b');
  assert.deepEqual(never?.kind === 'turn' && [never.text, never.unheard, never.interrupted], [
    '',
    'Never heard.',
    true,
  ]);
});

test('without transcripts there are no words in a call and no whole number', () => {
  const { board, events, on, start, turn } = boardOf({ showsTranscripts: false });
  start();
  turn('a', 'It left on Monday.');
  turn('a', 'It left', { interrupted: true });
  on({ type: 'turn', turn: { speaker: 'caller', itemId: 'c', text: 'Where is it?', interrupted: false } });
  turn('b', 'Never heard.');
  on({ type: 'model-speech', itemId: 'b', sentMs: 900, heardMs: 0, beganAgoMs: 0 });
  assert.equal(events().filter(({ kind }) => kind === 'turn').length, 3);
  const shown = JSON.stringify([board.find(SID), board.lists]);
  for (const word of ['Monday', 'left', 'Where', 'heard.', '5550123']) assert.ok(!shown.includes(word), word);
  assert.equal(board.row(SID)?.from, '+1202…23');
});

test('numbers are masked in the middle, and what is no number is not shown', () => {
  for (const [number, shown] of [
    ['+12025550123', '+1202…23'],
    ['+493012345678', '+4930…78'],
    ['anonymous', 'anonymous'],
    ['+12345', '…'],
    ['sip:alice@example.com', '…'],
    ['client:alice', '…'],
    ['', '…'],
  ])
    assert.equal(maskedNumber(number ?? ''), shown);
});

test('an ended call keeps its events without their words, and the last fifty are kept', () => {
  const { board, clock, events, on, start, turn } = boardOf();
  start();
  turn('a', 'Something private.');
  clock.advance(1000);
  on({ type: 'ended', outcome: 'completed' });
  on({ type: 'quiet', forMs: 0 });
  turn('b', 'Late and private.');
  board.logged(SID, 'info', 'call ended');
  assert.equal(board.row(SID), undefined);
  const [ended] = board.lists.recent;
  assert.deepEqual([ended?.state, ended?.outcome, ended?.endedAt], ['ended', 'completed', clock.epochMs()]);
  assert.ok(!JSON.stringify(board.find(SID)).includes('private'));
  assert.deepEqual(
    events().map(({ kind }) => kind),
    ['turn', 'log'],
  );
  for (let n = 2; n <= 51; n++) {
    start(`CA${n}`);
    board.onCallEvent({ type: 'ended', callSid: `CA${n}`, outcome: 'completed' });
  }
  assert.equal(board.find(SID), undefined);
  assert.deepEqual(
    board.lists.recent.map(({ callSid }) => callSid),
    Array.from({ length: 50 }, (_, n) => `CA${51 - n}`),
  );
});

test('a call that moved away is not one that ended, and comes back as the same', () => {
  const { board, events, on, start } = boardOf();
  start();
  on({ type: 'moving' });
  on({ type: 'ended', outcome: 'moved' });
  assert.deepEqual(board.lists, { calls: [], recent: [] });
  start(SID, { turns: 4 });
  assert.deepEqual([board.row(SID)?.turns, board.row(SID)?.outcome], [4, undefined]);
  assert.deepEqual(
    events().map(({ kind }) => kind),
    ['move'],
  );
});

test('a call keeps its last five hundred events', () => {
  const { board, clock, events, start } = boardOf();
  start();
  for (let n = 0; n < 620; n++) {
    clock.advance(10);
    board.logged(SID, 'info', `line ${n}`);
  }
  assert.equal(events().length, 500);
  assert.equal(events()[0]?.atMs, 1210);
});

test('every replacement under a call is an event with the silence that it cost', () => {
  const { board, events, on, start } = boardOf();
  start();
  on({ type: 'seam', seam: 'renewal', from: 'openai', to: 'openai', silenceMs: 0 });
  on({ type: 'seam', seam: 'failover', from: 'openai', to: 'nova', silenceMs: 1400 });
  assert.equal(board.row(SID)?.provider, 'nova');
  on({ type: 'resumed', cause: 'stream_lost' });
  on({ type: 'seam', seam: 'resume', cause: 'stream_lost', silenceMs: 900 });
  assert.deepEqual(events(), [
    { atMs: 0, id: 'w1-1', kind: 'renewal', provider: 'openai', silenceMs: 0 },
    { atMs: 0, id: 'w1-2', kind: 'failover', from: 'openai', to: 'nova', silenceMs: 1400 },
    { atMs: 0, id: 'w1-3', kind: 'resume', cause: 'stream_lost', instance: 'w1', silenceMs: 900 },
  ]);
});

test('what happens on a call that is not known changes nothing', () => {
  const { board, on } = boardOf();
  on({ type: 'state', state: 'talking' });
  board.logged(SID, 'info', 'x');
  board.operated(SID, { action: 'hangup' });
  assert.deepEqual(board.lists, { calls: [], recent: [] });
});
