import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { test } from 'node:test';
import { titlesIn } from './support/test-titles.js';

const ROOT = new URL('../../', import.meta.url);

function testFilesOf(folder: string): string[] {
  return readdirSync(new URL(folder, ROOT), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.test.ts'))
    .map((name) => readFileSync(new URL(`${folder}/${name}`, ROOT), 'utf8'));
}

const MATRIX = readFileSync(new URL('test/handover-matrix.md', ROOT), 'utf8');

test('every row of the handover matrix names a test that exists, and no two rows name the same test', () => {
  const rows = MATRIX.split('\n').filter((line) => /^\| (?!what happens|-)/.test(line));
  assert.ok(rows.length >= 40, `${rows.length} rows`);
  const names = rows.map((row) => /\| `([^`]+)` \|$/.exec(row)?.[1] ?? `no test in: ${row}`);
  assert.equal(new Set(names).size, names.length, 'two rows name the same test');
  const titles = ['src', 'sim', 'lambda', 'test'].flatMap(testFilesOf).map(titlesIn);
  const exact = new Set(titles.flatMap((one) => one.exact));
  const patterns = titles.flatMap((one) => one.patterns);
  assert.deepEqual(
    names.filter((name) => !exact.has(name) && !patterns.some((pattern) => pattern.test(name))),
    [],
    'no such test',
  );
});

test('every scenario of the handover tests has a row in the handover matrix', () => {
  const files = ['briefing', 'handover', 'handover-messages', 'handover-requests', 'handover-rest'];
  const exact = files.flatMap((name) => titlesIn(readFileSync(new URL(`test/${name}.test.ts`, ROOT), 'utf8')).exact);
  assert.ok(exact.length >= 40, `${exact.length} scenarios`);
  assert.deepEqual(
    exact.filter((name) => !MATRIX.includes(`\`${name}\``)),
    [],
    'no row',
  );
});

test('only what is given to test is a title, in any quotes, over any lines, and through the table of a loop', () => {
  const source = String.raw`
    // test('a comment is no title', () => {});
    assert.match(text, /"quoted"/, 'a message is no title');
    test('single', () => log("test('in a text')"));
    test(
      "it's double",
      () => other.test('a method is no title'));
    test(${'`'}over ${'${'}values} a title is a pattern of some length${'`'}, () => {});
    test(${'`'}short ${'${'}values}${'`'}, () => {});
    for (const [phone, name] of [
      [busy, 'from a table'],
      [{ is: 'no title' }, 'with a comma, from a table'],
      [inTurn('nor this', silent), 'the last'],
    ] as const) test(name, () => {});
    test(unknown, () => {});
  `;
  const { exact, patterns } = titlesIn(source);
  assert.deepEqual(exact, ['single', "it's double", 'from a table', 'with a comma, from a table', 'the last']);
  assert.deepEqual(patterns.map(String), ['/^over .+ a title is a pattern of some length$/']);
});
