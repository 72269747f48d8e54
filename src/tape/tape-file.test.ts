import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { FakeClock } from '../../test/support/fake-clock.js';
import { TapeFile } from './tape-file.js';

async function place(
  t: TestContext,
): Promise<{ path: string; clock: FakeClock; lost: string[]; file: () => TapeFile }> {
  const folder = await mkdtemp(join(tmpdir(), 'tape-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const clock = new FakeClock();
  const lost: string[] = [];
  const path = join(folder, 'CA1.jsonl');
  const onLost = (error: Error): void => void lost.push(error.message);
  return { path, clock, lost, file: () => new TapeFile({ path, clock, onLost }) };
}

test('a tape is written line by line to a file that only its owner can read', async (t) => {
  const { clock, file, lost, path } = await place(t);
  const tape = file();
  tape.write('one');
  clock.advance(300);
  tape.write('two');
  await tape.end('three');
  assert.equal(await readFile(path, 'utf8'), 'one\ntwo\nthree\n');
  assert.equal((await stat(path)).mode & 0o777, 0o600);
  assert.deepEqual([lost, clock.timers], [[], 0]);
});

test('a tape never replaces a file that is there, and says so once', async (t) => {
  const { file, lost, path } = await place(t);
  await writeFile(path, 'older');
  const tape = file();
  tape.write('one');
  await tape.end('two');
  assert.equal(await readFile(path, 'utf8'), 'older');
  assert.equal(lost.length, 1);
  assert.match(lost[0] ?? '', /EEXIST/);
});

test('a tape is given up when the disk takes nothing, and what waits for it stays bounded', async (t) => {
  const { clock, file, lost } = await place(t);
  const tape = file();
  const line = 'x'.repeat(1024 * 1024);
  for (let count = 0; count < 20; count++) tape.write(line);
  assert.deepEqual(lost, ['the disk is too slow']);
  await tape.end('end');
  assert.deepEqual([lost.length, clock.timers], [1, 0]);
});
