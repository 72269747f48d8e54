// `npm run check`: runs every step below, or those of one part, then reports which failed; exits 1 if one did.
import { spawnSync } from 'node:child_process';
import { readScriptInput } from './command.mjs';

/** Each step with the part of the check it belongs to. `npm run lint` and `npm run typecheck` run one part. */
/** @type {[string, string, string, string[]][]} */
const steps = [
  ['format', 'format', 'prettier', ['--check', '.']],
  ['lint', 'lint', 'oxlint', ['--type-aware', '--deny-warnings']],
  ['lint', 'imports', 'node', ['scripts/check-imports.mjs']],
  ['lint', 'words', 'node', ['scripts/check-words.mjs']],
  ['typecheck', 'types', 'tsc', ['--noEmit']],
  ['typecheck', "types of the console's pages", 'tsc', ['--noEmit', '-p', 'console']],
  ['typecheck', 'types of their tests', 'tsc', ['--noEmit', '-p', 'test/browser']],
  ['dead code', 'dead code', 'knip', ['--no-progress']],
  ['documents', 'generated files', 'node', ['scripts/generate.mjs', '--check']],
  ['documents', 'documents', 'node', ['scripts/check-docs.mjs']],
  ['workflows', 'workflows', 'node', ['scripts/check-workflows.mjs']],
];
const parts = [...new Set(steps.map(([part]) => part))];
const { operands } = await readScriptInput({
  name: 'check',
  does: 'Checks what needs no run: every step even if one fails, then says which failed.',
  operands: { shown: '[part]…', about: `only these: ${parts.join(', ')}` },
  options: {},
  examples: ['', 'lint typecheck'],
  notes: `Steps: ${steps.map(([, name]) => name).join(', ')}.\n\nExit code: 0 all passed, 1 a step failed.`,
});
const unknown = operands.filter((operand) => !parts.includes(operand));
if (unknown.length > 0) {
  console.error(`There is no part ${unknown.join(', ')}: "npm run check -- --help" lists them.`);
  process.exit(2);
}
const wanted = operands.length === 0 ? parts : operands;
const failed = [];
for (const [part, name, command, args] of steps) {
  if (!wanted.includes(part)) continue;
  console.log(`── ${name}`);
  const run = spawnSync(command, args, { stdio: 'inherit' });
  if (run.status !== 0) failed.push(name);
}
const title = operands.length === 0 ? 'check' : operands.join(', ');
console.log(failed.length === 0 ? `${title}: all passed` : `${title}: failed: ${failed.join(', ')}`);
process.exit(failed.length === 0 ? 0 : 1);
