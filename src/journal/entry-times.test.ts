import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sampleEntry } from '../../test/support/journal-entry.js';
import { asOfNow, byOwnClock } from './entry-times.js';
import type { JournalEntry, JournalState } from './entry.js';

const HOUR_MS = 3_600_000;
const WRITTEN_MS = 1_790_000_100_000;

function written(stand: JournalState): JournalEntry {
  return sampleEntry({ writtenAtMs: WRITTEN_MS, lastedMs: 40_000, stand });
}

const talking: JournalState = { name: 'talking', quietSinceMs: WRITTEN_MS - 700 };

test('an entry that was written by a clock which differs by an hour has its times by the own clock', () => {
  for (const aheadMs of [HOUR_MS, -HOUR_MS]) {
    const nowMs = WRITTEN_MS + aheadMs + 2000;
    const read = byOwnClock(written(talking), nowMs, 2000);
    assert.equal(read.lastedMs, 42_000, 'the call has lasted two seconds more');
    assert.deepEqual(read.stand, { name: 'talking', quietSinceMs: nowMs - 2700 });
    const exit = { to: 'assistant', cause: 'moved', quietSinceMs: WRITTEN_MS - 500 } as const;
    assert.deepEqual(byOwnClock(written({ name: 'parted', exit }), nowMs, 2000).stand, {
      name: 'parted',
      exit: { ...exit, quietSinceMs: nowMs - 2500 },
    });
    const ringing = { name: 'ringing', streamToken: 't', quietSinceMs: WRITTEN_MS } as const;
    assert.deepEqual(byOwnClock(written(ringing), nowMs, 2000).stand, { ...ringing, quietSinceMs: nowMs - 2000 });
  }
});

test('a token of a journal entry is void once its time is over, by however much the clocks differ', () => {
  const handover = { handoverId: 'H1', token: '4815162342', expiresAtMs: WRITTEN_MS + 600_000 };
  const dialling = written({ name: 'dialling', handover, isWhispered: true });
  for (const aheadMs of [0, HOUR_MS, -HOUR_MS]) {
    const at = (ageMs: number): JournalEntry => byOwnClock(dialling, WRITTEN_MS + aheadMs + ageMs, ageMs);
    assert.match(JSON.stringify(at(599_000)), /4815162342/);
    assert.deepEqual(at(600_000).stand, { name: 'dialling', isWhispered: true });
  }
});

test('the clocks of two instances are believed if they agree with the clock of the store to half a minute', () => {
  const read = byOwnClock(written(talking), WRITTEN_MS + 20_000, 1000);
  assert.equal(read.lastedMs, 60_000);
  assert.deepEqual(read.stand, talking);
  assert.equal(byOwnClock(written(talking), WRITTEN_MS - 20_000, 1000).lastedMs, 40_000, 'no time runs backwards');
});

test('without the clock of the store, an age that no running call can have is not believed', () => {
  assert.equal(byOwnClock(written(talking), WRITTEN_MS + 120_000, undefined).lastedMs, 160_000);
  for (const aheadMs of [HOUR_MS, -HOUR_MS, -1]) {
    const read = byOwnClock(written(talking), WRITTEN_MS + aheadMs, undefined);
    assert.equal(read.lastedMs, 40_000);
    assert.deepEqual(read.stand, { name: 'talking', quietSinceMs: WRITTEN_MS + aheadMs - 700 });
  }
});

test('an entry that could be written only later says how long the call has lasted by then', () => {
  const held = asOfNow(written(talking), WRITTEN_MS + 300_000, 300_000);
  assert.deepEqual([held.writtenAtMs, held.lastedMs, held.stand], [WRITTEN_MS + 300_000, 340_000, talking]);
  const read = byOwnClock(held, WRITTEN_MS + HOUR_MS + 301_000, 1000);
  assert.equal(read.lastedMs, 341_000);
  assert.deepEqual(read.stand, { name: 'talking', quietSinceMs: WRITTEN_MS + HOUR_MS - 700 });
});

test('the times of an entry of an earlier version are left as they are, and its expired token is not read', () => {
  const handover = { handoverId: 'H1', token: '4815162342', expiresAtMs: 1000 };
  const entry = sampleEntry({ stand: { name: 'dialling', handover } });
  assert.deepEqual(byOwnClock(entry, 999, 5000), entry);
  assert.deepEqual(byOwnClock(entry, 1000, 5000), { ...entry, stand: { name: 'dialling' } });
});
