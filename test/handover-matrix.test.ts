import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { test } from 'node:test';

const ROOT = new URL('../../', import.meta.url);

function sourceOfTests(folder: string): string {
  return readdirSync(new URL(folder, ROOT), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.test.ts'))
    .map((name) => readFileSync(new URL(`${folder}/${name}`, ROOT), 'utf8'))
    .join('\n');
}

/** Returns the titles that hold a value, as patterns. A title that is hardly more than its value is left out. */
function patternsOf(tests: string): RegExp[] {
  return Array.from(tests.matchAll(/test\(\s*`([^`]+)`/g), ([, name = '']) => name.split(/\$\{[^}]*\}/))
    .filter((parts) => parts.join('').length >= 20)
    .map((parts) => new RegExp(`^${parts.map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('.+')}$`));
}

test('every row of the handover matrix names a test that exists, and no two rows name the same test', () => {
  const doc = readFileSync(new URL('test/handover-matrix.md', ROOT), 'utf8');
  const table = doc;
  const rows = table.split('\n').filter((line) => /^\| (?!what happens|-)/.test(line));
  assert.ok(rows.length >= 40, `${rows.length} rows`);
  const names = rows.map((row) => /\| `([^`]+)` \|$/.exec(row)?.[1] ?? `no test in: ${row}`);
  assert.equal(new Set(names).size, names.length, 'two rows name the same test');
  const tests = ['src', 'sim', 'lambda', 'test'].map((folder) => sourceOfTests(folder)).join('\n');
  const patterns = patternsOf(tests);
  const isThere = (name: string): boolean =>
    tests.includes(`'${name}'`) || tests.includes(`"${name}"`) || patterns.some((pattern) => pattern.test(name));
  assert.deepEqual(
    names.filter((name) => !isThere(name)),
    [],
    'no such test',
  );
});

test('every scenario in handover.test.ts has a row in the handover matrix', () => {
  const doc = readFileSync(new URL('test/handover-matrix.md', ROOT), 'utf8');
  const scenarios = readFileSync(new URL('test/handover.test.ts', ROOT), 'utf8');
  const names = Array.from(
    scenarios.matchAll(/(?:test\(|^ {4}\[(?:\w+, )?)'([^']{20,})'/gm),
    (found) => found[1] ?? '',
  );
  assert.ok(names.length >= 30);
  assert.deepEqual(
    names.filter((name) => !doc.includes(`\`${name}\``)),
    [],
    'no row',
  );
});
