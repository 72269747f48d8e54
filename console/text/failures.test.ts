import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { en } from './en.js';
import { FAILURES, failurePath, failureTexts } from './failures.js';

test('the table of failures in the documents has the rows that the console shows, word by word', async () => {
  const document = await readFile(new URL('../../../docs/operate/handover.md', import.meta.url), 'utf8');
  const section = document.split('\n## ').find((part) => part.startsWith('When a step fails')) ?? '';
  const rows = [...section.matchAll(/^\| `([^`]+)` \| (.+) \| (.+) \|$/gm)].map(([, name, is, todo]) => [
    name,
    is,
    todo,
  ]);
  const plain = (cell: string | undefined): string => (cell ?? '').replaceAll('`', '').replaceAll("'", '’');
  assert.deepEqual(
    rows.map(([name, is, todo]) => [name, plain(is), plain(todo)]),
    FAILURES.map((name) => {
      const keys = failureTexts(name);
      return [name, keys && en[keys.is], keys && en[keys.todo]];
    }),
  );
  assert.ok(rows.length > 10);
});

test('a failure has an address of its own, and what is none has no text', () => {
  assert.equal(failurePath('busy'), '/console/failures#busy');
  assert.equal(failureTexts('no such failure'), undefined);
});
