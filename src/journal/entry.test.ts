import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type JournalEntry, deserialize, serialize, tombstone } from './entry.js';
import { sampleEntry } from '../../test/support/journal-entry.js';

const handover = { handoverId: 'H1', token: '4815162342', expiresAtMs: 1000 };

test('a journal entry is the same after serializing and parsing, in every state of the call', () => {
  const human = { to: 'human', trigger: 'phrase', reason: 'billing', announce: 'One moment.' } as const;
  const stands: JournalEntry['stand'][] = [
    { name: 'ringing', streamToken: 't', opening: 'Hello.', quietSinceMs: 1_000 },
    { name: 'talking' },
    { name: 'talking', quietSinceMs: 1_000 },
    { name: 'leaving', exit: human },
    { name: 'parted', exit: { to: 'assistant', cause: 'stream_lost', opening: 'Here I am again.' } },
    { name: 'parted', exit: { to: 'nobody', outcome: 'completed' } },
    { name: 'parted', exit: { to: 'assistant', cause: 'moved' } },
    { name: 'dialling', handover },
    { name: 'dialling', handover, legSeconds: 37, lastLegSid: 'CA9', isWhispered: true },
    { name: 'parted', exit: { to: 'voicemail' } },
    { name: 'parted', exit: { to: 'callback' } },
    { name: 'recording' },
    { name: 'ended', outcome: 'completed' },
    { name: 'ended', outcome: 'completed', announce: 'Goodbye.' },
  ];
  for (const stand of stands) {
    const entry = sampleEntry({ stand });
    assert.deepEqual(deserialize(serialize(entry)), entry);
  }
});

test('an invalid journal entry is refused, and an unknown field in a valid one is ignored', () => {
  const json = serialize(sampleEntry()).toString();
  assert.ok(deserialize(Buffer.from(json.replace('{', '{"later":1,'))));
  for (const text of ['', 'null', '[]', json.slice(1), json.replace('"talking"', '"flying"')]) {
    assert.equal(deserialize(Buffer.from(text)), undefined, text);
  }
});

test('a journal entry that is too long loses its oldest turns and counts them', () => {
  const turns = Array.from({ length: 1000 }, (_, index) => ({
    speaker: 'caller' as const,
    text: `turn ${index} ${'é'.repeat(200)}`,
    interrupted: false,
  }));
  const json = serialize(sampleEntry({ turns, turnsDropped: 5 }), 20_000);
  assert.ok(json.length <= 20_000 && json.length > 19_000, String(json.length));
  const entry = deserialize(json);
  assert.ok(entry);
  assert.equal(entry.turns.at(-1)?.text, turns.at(-1)?.text);
  assert.equal(entry.turns.length + entry.turnsDropped, 1005);
});

test('one long text in a journal entry loses its end and costs no turn', () => {
  const long = 'é'.repeat(100_000);
  const exit = { to: 'human', trigger: 'tool', reason: 'other', summary: long, announce: long } as const;
  const turns = [
    { speaker: 'caller' as const, text: 'My order has not come.', interrupted: false },
    { speaker: 'assistant' as const, text: long, interrupted: false },
  ];
  const json = serialize(sampleEntry({ turns, stand: { name: 'leaving', exit } }));
  assert.ok(json.length <= 65_536);
  const entry = deserialize(json);
  assert.equal(entry?.turns[0]?.text, 'My order has not come.');
  assert.equal(entry.turns[1]?.text, long.slice(0, 4000));
  assert.equal(entry.turnsDropped, 0);
});

test('the turns that a journal entry drops are not read', () => {
  let read = 0;
  const turns = Array.from({ length: 5000 }, () => ({
    speaker: 'caller' as const,
    get text() {
      read++;
      return 'My order has not come, and I have waited for it for weeks. '.repeat(4);
    },
    interrupted: false,
  }));
  const kept = deserialize(serialize(sampleEntry({ turns })))?.turns.length ?? 0;
  assert.ok(kept > 200 && kept < 300, String(kept));
  assert.equal(read, kept + 1);
});

test('the tombstone of a call holds nothing that was said and no number', () => {
  const left = JSON.stringify(tombstone(sampleEntry(), 'completed'));
  assert.doesNotMatch(left, /order|\+1/);
});

test('the tombstone of a call keeps the line that Twilio was told to say last', () => {
  const { stand } = deserialize(serialize(tombstone(sampleEntry(), 'completed', 'Goodbye.'))) ?? {};
  assert.deepEqual(stand, { name: 'ended', outcome: 'completed', announce: 'Goodbye.' });
});

test("the tombstone of a call that Twilio recorded keeps the caller's number for the report of the recording", () => {
  const entry = sampleEntry({ stand: { name: 'recording' } });
  const left = tombstone(entry, 'message_taken');
  assert.deepEqual([left.from, left.to, left.turns], [entry.from, entry.to, []]);
});
