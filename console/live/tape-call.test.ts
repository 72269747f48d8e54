import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { test } from 'node:test';
import { isNote, parseTape, type Tape } from '../../src/tape/format.js';
import { tapedCall } from './tape-call.js';

const FOLDER = new URL('../../../test/tapes/', import.meta.url);
const tapeNamed = (name: string): Tape => parseTape(readFileSync(new URL(`${name}.jsonl`, FOLDER), 'utf8'));
const kinds = (tape: Tape): Set<string> => new Set(tapedCall(tape, '').events.map(({ kind }) => kind));

test('a tape has the row and the events that the gateway had of the call', () => {
  const { call, events } = tapedCall(tapeNamed('openai-to-local'), '');
  assert.deepEqual([call.state, call.outcome, call.provider, call.bargeIns], ['ended', 'completed', 'local', 1]);
  assert.equal((call.endedAt ?? 0) - call.startedAt, Math.round(tapeNamed('openai-to-local').end.t));
  const failover = events.find(({ kind }) => kind === 'failover');
  assert.deepEqual(failover && { ...failover, id: '' }, {
    atMs: 10_804,
    id: '',
    kind: 'failover',
    from: 'openai',
    to: 'local',
    silenceMs: 1125,
  });
  const speech = events.find(({ kind }) => kind === 'caller-speech');
  assert.equal(speech?.atMs, 8302 - 2482, 'a span stands where it began');
  const turns = events.flatMap((event) => (event.kind === 'turn' ? [event] : []));
  assert.ok(turns.some(({ latency }) => latency !== undefined && latency.heardMs !== undefined));
  assert.ok(
    turns.every(({ text }) => text !== undefined),
    'an ended call on a tape keeps its words',
  );
  const cut = turns.find(({ interrupted }) => interrupted);
  assert.ok((cut?.unheard ?? '') !== '' || cut?.text !== '');
});

test('every tape of the tests can be shown, each event with an id of its own', () => {
  for (const file of readdirSync(FOLDER)) {
    const tape = parseTape(readFileSync(new URL(file, FOLDER), 'utf8'));
    const [one, other] = [tapedCall(tape, 'a'), tapedCall(tape, 'b')];
    const ids = [...one.events, ...other.events].map(({ id }) => id);
    assert.equal(new Set(ids).size, ids.length, file);
    assert.ok(one.hasNotes && one.events.length > 5, file);
    for (const [at, { atMs }] of one.events.entries()) assert.ok(atMs >= (one.events[at - 1]?.atMs ?? 0), file);
  }
});

test('a tape without notes still has states, speech of the assistant, barge-ins and the handover', () => {
  const tape = tapeNamed('openai-barge-in');
  const bare = { ...tape, lines: tape.lines.filter(({ m }) => !isNote(m)) };
  const found = kinds(bare);
  for (const kind of ['state', 'model-speech', 'barge-in', 'turn']) assert.ok(found.has(kind), kind);
  assert.deepEqual([tapedCall(bare, '').hasNotes, found.has('caller-speech')], [false, false]);
  const handover = tapeNamed('local-handover');
  const steps = kinds({ ...handover, lines: handover.lines.filter(({ m }) => !isNote(m)) });
  for (const kind of ['escalation', 'handover', 'dial']) assert.ok(steps.has(kind), kind);
});
