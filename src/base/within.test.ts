import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LATE, textOf, within } from './within.js';

test('work that does not end in time is late, and other work is its own result or error', async () => {
  assert.equal(await within(5, new Promise(() => undefined)), LATE);
  assert.equal(await within(60_000, Promise.resolve(7)), 7);
  await assert.rejects(within(60_000, Promise.reject(new Error('x'))), /^Error: x$/);
});

test('what was thrown is told in one line, whatever it is', () => {
  assert.deepEqual(
    [new Error('It broke.\n  at secret'), 'text', undefined, new Error('x'.repeat(1000))].map((it) =>
      textOf(it).slice(0, 9),
    ),
    ['It broke', 'string', 'undefined', 'xxxxxxxxx'],
  );
});
