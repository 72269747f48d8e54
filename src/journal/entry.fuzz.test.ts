import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { fuzz, mangled, nearly } from '../../test/support/fuzz.js';
import { sampleEntry } from '../../test/support/journal-entry.js';
import { byOwnClock } from './entry-times.js';
import { type JournalEntry, deserialize, serialize } from './entry.js';
import { Seal, drawKey } from './seal.js';

const NOW_MS = 1_790_000_000_000;
const HANDOVER = { handoverId: '01J', key: 'k', token: '4071829365', expiresAtMs: NOW_MS + 60_000 };
const ENTRIES = nearly(
  sampleEntry(),
  sampleEntry({ writtenAtMs: NOW_MS - 1000, lastedMs: 60_000 }),
  sampleEntry({ stand: { name: 'ringing', streamToken: 'token', opening: 'Hello.', quietSinceMs: NOW_MS } }),
  sampleEntry({ stand: { name: 'ended', outcome: 'handed_over' } }),
  { ...sampleEntry(), stand: { name: 'dialling', handover: HANDOVER } },
  { ...sampleEntry(), stand: { name: 'parted', exit: { to: 'assistant', cause: 'moved' } } },
  { ...sampleEntry(), stand: { name: 'leaving', exit: { to: 'human', trigger: 'tool', reason: 'billing' } } },
);

test('an entry of the journal is read as one that can be written again, or not at all', () =>
  fuzz(
    mangled(ENTRIES),
    (json) => {
      const entry = deserialize(Buffer.from(json));
      if (entry === undefined) return;
      assert.ok((byOwnClock(entry, NOW_MS, 1000).lastedMs ?? 0) >= 0);
      assert.equal(typeof entry.callSid, 'string');
      for (const { speaker, text } of entry.turns) {
        assert.ok(speaker === 'caller' || speaker === 'assistant');
        assert.equal(typeof text, 'string');
      }
      // A text that is too long loses its end once.
      const again = deserialize(serialize(entry, Number.POSITIVE_INFINITY));
      assert.ok(again !== undefined);
      assert.deepEqual(deserialize(serialize(again, Number.POSITIVE_INFINITY)), again);
      if (json.length <= 4000) assert.deepEqual(again, entry);
    },
    {
      found: [
        JSON.stringify({ ...sampleEntry(), callSid: 'a'.repeat(10_000) }),
        JSON.stringify({ ...sampleEntry(), turnsDropped: 0.1 }),
      ],
    },
  ));

test('an entry with turns of any length is written within its limit and keeps its latest turns', () => {
  const turn = fc.record(
    {
      speaker: fc.constantFrom('caller' as const, 'assistant' as const),
      text: fc.oneof(
        fc.string({ unit: 'grapheme', maxLength: 200 }),
        fc.nat(3000).map((length) => '\u0001'.repeat(length)),
      ),
      interrupted: fc.boolean(),
    },
    { noNullPrototype: true },
  );
  return fuzz(
    fc.tuple(fc.array(turn, { maxLength: 30 }), fc.integer({ min: 1000, max: 9000 })),
    ([turns, maxBytes]) => {
      const entry: JournalEntry = sampleEntry({ turns });
      const bytes = serialize(entry, maxBytes);
      assert.ok(bytes.length <= maxBytes, `${bytes.length} bytes of ${maxBytes}`);
      const read = deserialize(bytes);
      assert.ok(read !== undefined);
      assert.equal(read.turnsDropped + read.turns.length, turns.length);
      assert.deepEqual(read.turns, turns.slice(read.turnsDropped));
    },
  );
});

test('sealed data that was changed, cut or made up does not open', () => {
  const key = drawKey();
  const seal = new Seal([key], 1);
  const sealed = seal.close(Buffer.from('what was said'), 'CA1');
  const forged = fc.oneof(
    fc.uint8Array({ maxLength: 120 }).map((bytes) => Buffer.from(bytes)),
    fc.nat(sealed.length - 1).map((length) => sealed.subarray(0, length)),
    fc.tuple(fc.nat(sealed.length - 1), fc.integer({ min: 1, max: 255 })).map(([at, flip]) => {
      const bytes = Buffer.from(sealed);
      bytes.writeUInt8(bytes.readUInt8(at) ^ flip, at);
      return bytes;
    }),
  );
  return fuzz(forged, (bytes) => assert.equal(typeof seal.open(bytes, 'CA1'), 'string'));
});
