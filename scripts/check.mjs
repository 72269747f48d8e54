// `npm run check`: runs every step below, then reports which failed; exits 1 if one did.
import { spawnSync } from 'node:child_process';
import { readScriptInput } from './command.mjs';

/** @type {[string, string, string[]][]} */
const steps = [
  ['format', 'prettier', ['--check', '.']],
  ['lint', 'oxlint', ['--type-aware', '--deny-warnings']],
  ['imports', 'node', ['scripts/check-imports.mjs']],
  ['words', 'node', ['scripts/check-words.mjs']],
  ['types', 'tsc', ['--noEmit']],
  ["types of the console's pages", 'tsc', ['--noEmit', '-p', 'console']],
  ['types of their tests', 'tsc', ['--noEmit', '-p', 'test/browser']],
  ['dead code', 'knip', ['--no-progress']],
  ['generated files', 'node', ['scripts/generate.mjs', '--check']],
  ['documents', 'node', ['scripts/check-docs.mjs']],
];
await readScriptInput({
  name: 'check',
  does: 'Checks what needs no run: every step even if one fails, then says which failed.',
  options: {},
  examples: [''],
  notes: `Steps: ${steps.map(([name]) => name).join(', ')}.\n\nExit code: 0 all passed, 1 a step failed.`,
});
const failed = [];
for (const [name, command, args] of steps) {
  console.log(`── ${name}`);
  const run = spawnSync(command, args, { stdio: 'inherit' });
  if (run.status !== 0) failed.push(name);
}
console.log(failed.length === 0 ? 'check: all passed' : `check: failed: ${failed.join(', ')}`);
process.exit(failed.length === 0 ? 0 : 1);
