import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeClock } from '../../test/support/fake-clock.js';
import { waitingClock } from '../../test/support/waiting-clock.js';
import { BackendFailure } from './backend.js';
import { MemoryBackend } from './memory-backend.js';
import { drawKey } from './seal.js';
import { JournalNotes } from './shared-notes.js';

const key = drawKey();
const TTL_MS = 60_000;

function instances(): { one: JournalNotes; other: JournalNotes; clock: FakeClock; backend: MemoryBackend } {
  const clock = new FakeClock();
  const backend = new MemoryBackend(clock);
  const notes = (): JournalNotes => new JournalNotes({ backend, keys: [key], clock: waitingClock });
  return { one: notes(), other: notes(), clock, backend };
}

test('of several that create a note one has, and all read it until it is too old', async () => {
  const { clock, one, other } = instances();
  const created = await Promise.all([
    one.create('n', { by: 1 }, TTL_MS),
    other.create('n', { by: 2 }, TTL_MS),
    one.create('n', { by: 3 }, TTL_MS),
  ]);
  assert.deepEqual(created, [true, false, false]);
  assert.deepEqual([await one.read('n'), await other.read('n')], [{ by: 1 }, { by: 1 }]);
  clock.advance(TTL_MS);
  assert.equal(await one.read('n'), undefined);
  assert.equal(await other.create('n', { by: 4 }, TTL_MS), true);
});

test('of changes at the same moment none is lost', async () => {
  const { one, other } = instances();
  const add = (notes: JournalNotes): Promise<number> =>
    notes.change('count', TTL_MS, (value) => {
      const next = ((value as number | undefined) ?? 0) + 1;
      return { value: next, result: next };
    });
  const results = await Promise.all(Array.from({ length: 8 }, (_, n) => add(n % 2 === 0 ? one : other)));
  assert.deepEqual(
    results.toSorted((a, b) => a - b),
    [1, 2, 3, 4, 5, 6, 7, 8],
  );
  assert.equal(await one.read('count'), 8);
});

test('a change without a value leaves the note as it is', async () => {
  const { one } = instances();
  assert.equal(await one.change('n', TTL_MS, () => ({ result: 'nothing' })), 'nothing');
  assert.equal(await one.read('n'), undefined);
});

test('a note that cannot be read is never taken for absent', async () => {
  const { backend, one } = instances();
  await one.create('n', { by: 1 }, TTL_MS);
  const stranger = new JournalNotes({ backend, keys: [drawKey()], clock: waitingClock });
  await assert.rejects(stranger.read('n'), (error) => error instanceof BackendFailure && error.kind === 'unknown_key');
  await assert.rejects(
    stranger.change('n', TTL_MS, () => ({ value: 2, result: undefined })),
    BackendFailure,
  );
  assert.equal(await stranger.create('n', { by: 2 }, TTL_MS), false);
});

test('a note that may outlive its key is written anew once the key is gone', async () => {
  const { backend, one } = instances();
  await one.create('n', { by: 1 }, TTL_MS);
  const stranger = new JournalNotes({ backend, keys: [drawKey()], clock: waitingClock, mayOutliveKey: true });
  assert.equal(await stranger.read('n'), undefined);
  const seen = await stranger.change('n', TTL_MS, (value) => ({ value: { by: 2 }, result: value }));
  assert.equal(seen, undefined);
  assert.deepEqual(await stranger.read('n'), { by: 2 });
});

test('nothing of a note can be read in the backend', async () => {
  const { backend, one } = instances();
  await one.create('n', { number: '+12025550123' }, TTL_MS);
  const held = await backend.read('note.n');
  assert.ok(held !== undefined && !held.data.includes('2025550123'));
});
