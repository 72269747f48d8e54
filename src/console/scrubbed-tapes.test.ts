import assert from 'node:assert/strict';
import { readdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname } from 'node:path';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { type ScrubTape, ScrubbedTapes } from './scrubbed-tapes.js';
import type { TapeToSend } from './tapes.js';

const tape = (more: Partial<TapeToSend> = {}): TapeToSend => ({
  path: '/tapes/CA1.jsonl',
  sizeBytes: 100,
  isWhole: true,
  read: () => Readable.from([]),
  close: () => Promise.resolve(),
  ...more,
});
const { signal } = new AbortController();

/** A scrubber that notes where it was told to write. */
function scrubber(does: (output: string) => Promise<'done' | 'cannot'>): { scrub: ScrubTape; outputs: string[] } {
  const outputs: string[] = [];
  return {
    outputs,
    scrub: (_input, output) => {
      outputs.push(output);
      return does(output);
    },
  };
}

const isThere = async (output: string): Promise<boolean> =>
  (await readdir(tmpdir())).some((name) => dirname(output).endsWith(name));

test('a scrubbed tape is a file of its own, which is gone once it is closed', async () => {
  const { outputs, scrub } = scrubber(async (output) => {
    await writeFile(output, 'scrubbed');
    return 'done';
  });
  const made = await new ScrubbedTapes(scrub).make(tape(), signal);
  assert.ok(typeof made !== 'string');
  let text = '';
  for await (const part of made.read()) text += String(part);
  assert.deepEqual([text, made.sizeBytes], ['scrubbed', 8]);
  const [output = ''] = outputs;
  assert.ok(await isThere(output));
  await made.close();
  assert.ok(!(await isThere(output)));
});

test('a tape that cannot be scrubbed leaves nothing behind, and neither does a scrubber that fails', async () => {
  const cannot = scrubber(() => Promise.resolve('cannot'));
  assert.equal(await new ScrubbedTapes(cannot.scrub).make(tape(), signal), 'impossible');
  const failing = scrubber(() => Promise.reject(new Error('failed')));
  const tapes = new ScrubbedTapes(failing.scrub);
  await assert.rejects(tapes.make(tape(), signal), /failed/);
  for (const output of [...cannot.outputs, ...failing.outputs]) assert.ok(!(await isThere(output)));
  await assert.rejects(tapes.make(tape(), signal), /failed/, 'the next one has its turn');
});

test('a tape that is not whole or too long is not scrubbed beside calls', async () => {
  const { outputs, scrub } = scrubber(() => Promise.resolve('done'));
  const tapes = new ScrubbedTapes(scrub);
  assert.equal(await tapes.make(tape({ isWhole: false }), signal), 'impossible');
  assert.equal(await tapes.make(tape({ sizeBytes: 64 * 1024 * 1024 + 1 }), signal), 'impossible');
  assert.deepEqual(outputs, []);
});

test('one tape is scrubbed at a time', async () => {
  let finish: (result: 'cannot') => void = () => undefined;
  const slow = new Promise<'cannot'>((resolve) => (finish = resolve));
  const { scrub } = scrubber(() => slow);
  const tapes = new ScrubbedTapes(scrub);
  const first = tapes.make(tape(), signal);
  assert.equal(await tapes.make(tape(), signal), 'busy');
  finish('cannot');
  assert.equal(await first, 'impossible');
});
