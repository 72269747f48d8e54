import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeClock } from '../../test/support/fake-clock.js';
import { waitingClock } from '../../test/support/waiting-clock.js';
import { MemoryBackend } from '../journal/memory-backend.js';
import { drawKey } from '../journal/seal.js';
import { JournalNotes } from '../journal/shared-notes.js';
import { Reservations } from './reservations.js';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const ANN = '+12025550101';
const BOB = '+12025550102';
const CAT = '+12025550103';

function reservations(limits = {}): Reservations {
  const backend = new MemoryBackend(new FakeClock());
  const notes = new JournalNotes({ backend, keys: [drawKey()], clock: waitingClock });
  return new Reservations({ notes, limits: { perMinute: 10, perNumber: 10, atOnce: 10, ...limits }, secret: 's' });
}

const refused = (reason: string, retryAfterMs: number): unknown => ({ is: 'refused', reason, retryAfterMs });

test('a number is called once at a time, and a second reservation under the same id changes nothing', async () => {
  const all = reservations({ perMinute: 1 });
  assert.deepEqual(await all.reserve('a', ANN, 0), { is: 'reserved' });
  assert.deepEqual(await all.reserve('a', ANN, 0), { is: 'reserved' });
  assert.deepEqual(await all.reserve('b', ANN, MINUTE_MS), refused('number_limit', MINUTE_MS));
  await all.release('a', ANN, MINUTE_MS);
  assert.deepEqual(await all.reserve('b', ANN, MINUTE_MS), { is: 'reserved' });
});

test('no more calls than the limit begin within any minute', async () => {
  const all = reservations({ perMinute: 2 });
  assert.equal((await all.reserve('a', ANN, 0)).is, 'reserved');
  assert.equal((await all.reserve('b', BOB, 50_000)).is, 'reserved');
  assert.deepEqual(await all.reserve('c', CAT, 59_000), refused('minute_limit', 1000));
  assert.equal((await all.reserve('c', CAT, MINUTE_MS)).is, 'reserved');
  assert.deepEqual(await all.reserve('d', '+12025550104', 60_001), refused('minute_limit', 49_999));
});

test('a number is called no more often than the limit within a day', async () => {
  const all = reservations({ perNumber: 2 });
  for (const [id, atMs] of [
    ['a', 0],
    ['b', MINUTE_MS],
  ] as const) {
    assert.equal((await all.reserve(id, ANN, atMs)).is, 'reserved');
    await all.release(id, ANN, atMs);
  }
  assert.deepEqual(await all.reserve('c', ANN, DAY_MS - 1000), refused('number_limit', 1000));
  assert.equal((await all.reserve('c', ANN, DAY_MS)).is, 'reserved');
});

test('a call that was not made counts for nothing', async () => {
  const all = reservations({ perNumber: 1, atOnce: 1 });
  await all.reserve('a', ANN, 0);
  // Refused by the limit of calls at once, so that its number is free again.
  assert.deepEqual(await all.reserve('b', BOB, 0), refused('call_limit', 30_000));
  await all.forget('a', ANN, 0);
  assert.equal((await all.reserve('b', BOB, 0)).is, 'reserved');
  await all.release('b', BOB, 0);
  assert.equal((await all.reserve('a2', ANN, 0)).is, 'reserved');
});

test('a call of which nobody hears any more stops counting when Twilio has ended it', async () => {
  const all = reservations({ atOnce: 1 });
  await all.reserve('a', ANN, 0);
  assert.equal((await all.reserve('b', BOB, 4 * 3_600_000)).is, 'refused');
  assert.equal((await all.reserve('b', BOB, 4.5 * 3_600_000)).is, 'reserved');
  assert.equal((await all.reserve('c', ANN, 4.5 * 3_600_000)).is, 'refused');
});

test('the SIDs of the calls to a number are known', async () => {
  const all = reservations();
  await all.reserve('a', ANN, 0);
  await all.noteSid('a', ANN, 'CA1', 0);
  assert.deepEqual([...(await all.sidsOf(ANN))], ['CA1']);
  assert.deepEqual([...(await all.sidsOf(BOB))], []);
});
