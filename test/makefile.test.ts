import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

const makefile = readFileSync('Makefile', 'utf8');
const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Record<string, string> };
/** The programs that a target may call beside npm. */
const PROGRAMS = /^(?:\$\(COMPOSE\)|docker|terraform) /;
/** What others have in their fingers or in their own scripts. */
const TARGETS =
  'install format lint typecheck check test test-unit test-integration test-cov evals demo run up down logs doctor image terraform-fmt terraform-validate sbom release-dry-run';

const recipes = new Map(
  [...makefile.matchAll(/^([a-z][a-z-]*):.*\n((?:\t.*\n?)*)/gm)].map(([, name = '', lines = '']) => [
    name,
    lines.trim().split('\n\t'),
  ]),
);

test('the Makefile has the documented targets and help', () => {
  assert.deepEqual([...recipes.keys()].toSorted(), ['help', ...TARGETS.split(' ')].toSorted());
});

test('each target of the Makefile but help is one command: a script of package.json, npm ci, docker or terraform', () => {
  for (const [target, lines] of recipes) {
    if (target === 'help') continue;
    assert.equal(lines.length, 1, target);
    const [command = ''] = lines;
    if (command === 'npm ci' || PROGRAMS.test(command)) continue;
    const [, script] = /^npm (?:run (?:--silent )?)?([\w:-]+)$/.exec(command) ?? [];
    assert.ok(script !== undefined && script in scripts, `${target}: ${command}`);
  }
});

test('each target of the Makefile says what it does, for make help', () => {
  const said = [...makefile.matchAll(/^([a-z][a-z-]*):.*## \S/gm)].map(([, name]) => name);
  assert.deepEqual(said, [...recipes.keys()]);
});
