import assert from 'node:assert/strict';
import { appendFile, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { KeptTapes } from './kept-tapes.js';

const HEAD = '{"tape":1,"notice":"…","callSid":"CA1","version":"1.0.0","settings":{}}\n';

async function folderOf(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'kept-tapes-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

test('a tape is opened with what is on the disk, and is whole once its last line is there', async (t) => {
  const folder = await folderOf(t);
  const kept = new KeptTapes(folder);
  const line = '{"t":1,"leg":"decision","m":{"text":"\\"end\\":true"}}\n';
  await writeFile(join(folder, 'CA1.jsonl'), HEAD + line);
  const broken = await kept.open('CA1');
  assert.deepEqual([broken?.sizeBytes, broken?.isWhole], [Buffer.byteLength(HEAD + line), false]);
  await broken?.close();
  await writeFile(join(folder, 'CA1.jsonl'), `${HEAD}${line}{"end":true,"t":5}\n`);
  const whole = await kept.open('CA1');
  assert.equal(whole?.isWhole, true);
  let text = '';
  for await (const part of whole?.read() ?? []) text += String(part);
  assert.equal(text, `${HEAD}${line}{"end":true,"t":5}\n`);
  await whole?.close();
});

test('nothing but the tape of that call is opened, whatever else lies in the folder or beside it', async (t) => {
  const folder = await folderOf(t);
  const tapes = join(folder, 'tapes');
  await mkdir(tapes);
  await writeFile(join(folder, 'CA1.jsonl'), HEAD);
  // Somebody who can write a file beside the folder names it so that it fits.
  await writeFile(join(folder, 'CA6.jsonl'), HEAD.replace('"CA1"', '"../CA6"'));
  await writeFile(join(tapes, 'notes.jsonl'), '{"secret":1}\n');
  await writeFile(join(tapes, 'CA2.jsonl'), HEAD);
  await writeFile(join(tapes, 'CA3.jsonl'), '');
  await mkdir(join(tapes, 'CA4.jsonl'));
  await symlink(join(folder, 'CA1.jsonl'), join(tapes, 'CA1.jsonl'));
  const kept = new KeptTapes(tapes);
  for (const name of ['CA1', 'CA2', 'CA3', 'CA4', 'CA5', 'notes', '../CA1', '../CA6', '..', '', 'CA1.jsonl', `CA1\0`]) {
    assert.equal(await kept.open(name), undefined, name);
    assert.equal(await kept.isKept(name), false, name);
  }
});

test('a process remembers which calls it has recorded, and not one whose tape was lost', () => {
  const kept = new KeptTapes('/nowhere');
  for (const callSid of ['CA1', 'CA2']) kept.began(callSid);
  kept.lost('CA2');
  assert.deepEqual(
    ['CA1', 'CA2', 'CA3'].map((callSid) => kept.has(callSid)),
    [true, false, false],
  );
  for (let n = 0; n < 2000; n++) kept.began(`CB${n}`);
  assert.equal(kept.has('CA1'), false);
});

test('a tape that begins while it is opened has a size, or is not there yet', async (t) => {
  const folder = await folderOf(t);
  const path = join(folder, 'CA1.jsonl');
  const kept = new KeptTapes(folder);
  for (let n = 0; n < 200; n++) {
    await writeFile(path, '');
    const [tape] = await Promise.all([kept.open('CA1'), appendFile(path, HEAD)]);
    assert.ok(tape === undefined || tape.sizeBytes === Buffer.byteLength(HEAD), String(tape?.sizeBytes));
    await tape?.close();
  }
});
