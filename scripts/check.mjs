// `npm run check`: runs every step below, then reports which failed; exits 1 if one did.
import { spawnSync } from 'node:child_process';

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
const failed = [];
for (const [name, command, args] of steps) {
  console.log(`── ${name}`);
  const run = spawnSync(command, args, { stdio: 'inherit' });
  if (run.status !== 0) failed.push(name);
}
console.log(failed.length === 0 ? 'check: all passed' : `check: failed: ${failed.join(', ')}`);
process.exit(failed.length === 0 ? 0 : 1);
