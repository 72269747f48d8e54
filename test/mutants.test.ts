import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';

interface Mutant {
  name: string;
  file: string;
  find: string;
  replace: string;
  tests: string[];
  only?: string;
}

const ROOT = new URL('../../', import.meta.url);
const load = async <T>(path: string): Promise<T> => (await import(new URL(path, ROOT).href)) as T;
const { problemsOf } = await load<{
  problemsOf: (mutants: readonly Mutant[], read: (file: string) => string | undefined) => string[];
}>('scripts/mutants.mjs');
const { MUTANTS } = await load<{ MUTANTS: readonly Mutant[] }>('test/mutants.mjs');

test('every mutation of the list stands once in its file and names tests that exist', () => {
  const read = (file: string): string | undefined =>
    existsSync(new URL(file, ROOT)) ? readFileSync(new URL(file, ROOT), 'utf8') : undefined;
  assert.deepEqual(problemsOf(MUTANTS, read), []);
  for (const { name, only, tests } of MUTANTS) {
    if (only === undefined) continue;
    const sources = tests.map((file) => read(file)).join('\n');
    for (const part of only.split('|')) assert.ok(sources.includes(part), `“${name}”: no test is named “${part}”`);
  }
});

test('a mutation is refused if its text is gone or ambiguous, or if its file, its test or its effect is missing', () => {
  const mutant = { name: 'a', file: 'src/a.ts', find: 'x', replace: 'y', tests: ['src/a.test.ts'] };
  const files: Record<string, string> = { 'src/a.ts': 'one x', 'src/b.ts': 'x x', 'src/a.test.ts': '' };
  const refused = (changes: Partial<Mutant>): string[] =>
    problemsOf([{ ...mutant, ...changes }], (file) => files[file]);
  assert.deepEqual(refused({}), []);
  assert.deepEqual(refused({ find: 'z' }), ['“a”: its text stands 0 times in src/a.ts, not once']);
  assert.deepEqual(refused({ file: 'src/b.ts' }), ['“a”: its text stands 2 times in src/b.ts, not once']);
  assert.deepEqual(refused({ file: 'src/c.ts' }), ['“a”: src/c.ts does not exist']);
  assert.deepEqual(refused({ tests: ['src/c.test.ts'] }), ['“a”: src/c.test.ts does not exist']);
  assert.deepEqual(refused({ tests: [] }), ['“a”: it names no test file']);
  assert.deepEqual(refused({ replace: 'x' }), ['“a”: its replacement is the same text']);
  assert.deepEqual(
    problemsOf([mutant, mutant], (file) => files[file]),
    ['“a” is there twice'],
  );
});
