import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import type { CallRow } from './messages.js';
import { type Tapes, TapesOfOthers } from './tapes.js';

/** The folder of this instance, with these tapes. */
function folder(...callSids: string[]): Tapes & { looks: number } {
  return {
    looks: 0,
    has: () => false,
    isKept(callSid) {
      this.looks++;
      return Promise.resolve(callSids.includes(callSid));
    },
    open: () =>
      Promise.resolve({ path: '', sizeBytes: 0, isWhole: true, read: () => Readable.from([]), close: async () => {} }),
  };
}

const row = (callSid: string, tape = true): CallRow => ({ callSid, tape }) as CallRow;

test("a tape of another instance's call counts only if this one has it, too", async () => {
  const others = new TapesOfOthers(folder('CA1'));
  assert.deepEqual(
    await Promise.all([row('CA1'), row('CA2'), row('CA1', false)].map(async (each) => (await others.row(each)).tape)),
    [true, false, false],
  );
  assert.equal((await new TapesOfOthers(undefined).row(row('CA1'))).tape, false);
});

test('a row that comes before the look at the disk is told again when there is a tape, and the disk is asked once', async () => {
  const tapes = folder('CA1');
  const others = new TapesOfOthers(tapes);
  const found: string[] = [];
  others.onFound = (callSid) => void found.push(callSid);
  assert.equal(others.rowSoFar(row('CA1')).tape, false);
  assert.equal(others.rowSoFar(row('CA2')).tape, false);
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(found, ['CA1']);
  assert.deepEqual([others.rowSoFar(row('CA1')).tape, others.rowSoFar(row('CA2')).tape], [true, false]);
  assert.equal(tapes.looks, 2);
  others.forget('CA1');
  assert.equal(others.rowSoFar(row('CA1')).tape, false);
});
