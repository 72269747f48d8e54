import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import type { TestContext } from 'node:test';
import type { BackendWrite, HeldData, JournalBackend } from '../../src/journal/backend.js';

// The contract tests of journal backends.

export function freshCallSid(): string {
  return `CA${randomBytes(16).toString('hex')}`;
}

function write(callSid: string, changes: Partial<BackendWrite> = {}): BackendWrite {
  return { callSid, owner: 'a', epoch: 1, data: Buffer.from('first'), ttlMs: 60_000, ...changes };
}

/** Returns what is held without its age, which depends on the speed of the machine. */
function timeless(held: HeldData | undefined): Omit<HeldData, 'ageMs'> | undefined {
  return held === undefined ? undefined : { epoch: held.epoch, data: held.data };
}

/** The tests that every {@link JournalBackend} must pass. `pass` lets time go by on the backend's clock. */
export async function backendContract(
  t: TestContext,
  backend: JournalBackend,
  pass: (ms: number) => Promise<void>,
): Promise<void> {
  await t.test('a read returns the last write, byte for byte', async () => {
    const callSid = freshCallSid();
    assert.equal(await backend.write(write(callSid)), 1);
    const data = Buffer.from([0, 255, 13, 10, 128]);
    assert.equal(await backend.write(write(callSid, { data })), 1);
    assert.deepEqual(timeless(await backend.read(callSid)), { epoch: 1, data });
  });

  await t.test('an unknown call can be neither read nor claimed, and the attempt leaves nothing behind', async () => {
    const callSid = freshCallSid();
    assert.equal(await backend.claim(callSid, 'b'), undefined);
    assert.equal(await backend.read(callSid), undefined);
    assert.equal(await backend.write(write(callSid)), 1);
  });

  await t.test('a claim fences the writes of the former owner, and those of the claimer are accepted', async () => {
    const callSid = freshCallSid();
    await backend.write(write(callSid));
    assert.deepEqual(timeless(await backend.claim(callSid, 'b')), { epoch: 2, data: Buffer.from('first') });
    assert.equal(await backend.write(write(callSid, { data: Buffer.from('stale') })), 'fenced');
    assert.equal(await backend.write(write(callSid, { owner: 'b', epoch: 2, data: Buffer.from('second') })), 2);
    assert.deepEqual(timeless(await backend.read(callSid)), { epoch: 2, data: Buffer.from('second') });
  });

  await t.test('two owners cannot both begin one call', async () => {
    const callSid = freshCallSid();
    assert.equal(await backend.write(write(callSid)), 1);
    assert.equal(await backend.write(write(callSid, { owner: 'b' })), 'fenced');
  });

  await t.test(
    'each of 20 simultaneous claimers gets an epoch of its own, and the last one holds the call',
    async () => {
      const callSid = freshCallSid();
      await backend.write(write(callSid));
      const owners = Array.from({ length: 20 }, (_, index) => `claimer-${index}`);
      const epochs = await Promise.all(owners.map(async (owner) => (await backend.claim(callSid, owner))?.epoch ?? 0));
      assert.deepEqual(
        epochs.toSorted((a, b) => a - b),
        owners.map((_, index) => index + 2),
      );
      const results = await Promise.all(
        owners.map((owner, index) => backend.write(write(callSid, { owner, epoch: epochs[index] ?? 0 }))),
      );
      assert.deepEqual(
        results.filter((result) => result !== 'fenced'),
        [21],
      );
      assert.equal(results[epochs.indexOf(21)], 21);
    },
  );

  await t.test('a claimer that never learnt its epoch may still write', async () => {
    const callSid = freshCallSid();
    await backend.write(write(callSid));
    await backend.claim(callSid, 'b');
    assert.equal(await backend.write(write(callSid, { owner: 'b', epoch: 1 })), 2);
  });

  await t.test('a call can be taken over without a read', async () => {
    const callSid = freshCallSid();
    await backend.write(write(callSid));
    assert.equal(await backend.write(write(callSid, { owner: 'b', epoch: 'unread' })), 2);
    assert.equal(await backend.write(write(callSid)), 'fenced');
    assert.equal(await backend.write(write(freshCallSid(), { epoch: 'unread' })), 1);
  });

  await t.test('an entry expires after its time to live, and each write sets that time anew', async () => {
    const callSid = freshCallSid();
    await backend.write(write(callSid, { ttlMs: 60_000 }));
    await backend.write(write(callSid, { ttlMs: 20 }));
    await pass(40);
    assert.equal(await backend.read(callSid), undefined);
    assert.equal(await backend.claim(callSid, 'b'), undefined);
  });

  await t.test('a read and a claim say how long ago the entry was written, and a claim is no write', async () => {
    const callSid = freshCallSid();
    await backend.write(write(callSid));
    await pass(40);
    await backend.claim(callSid, 'b');
    await pass(40);
    for (const held of [await backend.read(callSid), await backend.claim(callSid, 'c')]) {
      // The clock of the backend may count a millisecond later than that of the test.
      assert.ok((held?.ageMs ?? 0) >= 78 && (held?.ageMs ?? 0) < 59_000, `${held?.ageMs} ms`);
    }
    await backend.write(write(callSid, { epoch: 'unread' }));
    assert.ok(((await backend.read(callSid))?.ageMs ?? 60_000) < 59_000);
  });
}
