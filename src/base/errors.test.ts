import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { type ErrorCode, TandemError, errorTable, isTandemError } from './errors.js';

/** The path is relative to dist/src/base, where the compiled test runs. */
const page = readFileSync(new URL('../../../docs/operate/errors.md', import.meta.url), 'utf8');

test('every error code has a heading in docs/operate/errors.md, and every heading a code', () => {
  const headings = [...page.matchAll(/^## (\S+)$/gm)].map((match) => match[1]);
  assert.equal(new Set(headings).size, headings.length, 'a heading twice');
  assert.deepEqual(new Set(headings), new Set(Object.keys(errorTable)));
});

test('every section of docs/operate/errors.md says what happened, whether it is retryable, and what to do', () => {
  for (const section of page.split(/^## /m).slice(1)) {
    const code = section.split('\n', 1)[0] as ErrorCode;
    assert.match(section, /^What happened: /m, code);
    assert.match(section, /^What to do: /m, code);
    assert.equal(/\bNot\s+retryable\./.test(section), !errorTable[code].retryable, `${code}: retryable`);
  }
});

test('a TandemError says what happened, what to do and its code, and keeps its cause', () => {
  const cause = new Error('inner');
  const error = new TandemError('PORT_IN_USE', 'Port 8000 is taken.', { cause });
  assert.match(error.message, /^Port 8000 is taken\. .*PORT.* \[PORT_IN_USE\]$/);
  assert.equal(error.code, 'PORT_IN_USE');
  assert.equal(error.retryable, false);
  assert.equal(error.cause, cause);
  assert.ok(isTandemError(error));
  assert.ok(!isTandemError(cause));
});
