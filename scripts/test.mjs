// Builds everything and runs the tests in a few processes with many files each. A process per file takes sixteen times as long,
// and a single process leaves a core idle while its tests wait.
//   node scripts/test.mjs [part of a path]…   runs only the files whose path contains one of these
import { spawn } from 'node:child_process';
import { rmSync, statSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { buildAll, sources } from './build.mjs';

const wanted = process.argv.slice(2);
await buildAll({ all: true, ifNeeded: true });
const files = sources(['src', 'sim', 'lambda', 'bench', 'chaos', 'evals', 'test'])
  .filter((file) => file.endsWith('.test.ts'))
  .filter((file) => wanted.length === 0 || wanted.some((part) => file.includes(part)));
if (files.length === 0) {
  console.error(`No test file matches ${wanted.join(', ')}.`);
  process.exit(1);
}
const shards = shared(files, Math.min(files.length, 2 * Math.max(2, availableParallelism())));
const entries = shards.map((shard, number) => {
  const entry = new URL(`../dist/all-${process.pid}-${number}.test.js`, import.meta.url);
  writeFileSync(entry, shard.map((file) => `await import('./${file.replace(/\.ts$/, '.js')}');`).join('\n') + '\n');
  return entry.pathname;
});
const env = { ...process.env, NODE_ENV: 'test', AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' };
const flags = ['--enable-source-maps', '--expose-gc', '--test', '--test-reporter=spec'];
const run = spawn(process.execPath, [...flags, `--test-concurrency=${entries.length}`, ...entries], {
  stdio: 'inherit',
  env,
});
run.on('exit', (code, signal) => {
  for (const entry of entries) rmSync(entry, { force: true });
  process.exit(signal ? 1 : (code ?? 1));
});

/** Returns the expected cost of a test file. Files in test/ run whole calls, which wait for speech. */
function weight(file) {
  return statSync(file).size * (file.startsWith('test/') ? 8 : 1);
}

/** Returns `files` in `count` shares that take about the same time. */
function shared(files, count) {
  const shares = Array.from({ length: count }, () => ({ weight: 0, files: [] }));
  const heaviestFirst = files.map((file) => ({ file, weight: weight(file) })).toSorted((a, b) => b.weight - a.weight);
  for (const share of heaviestFirst) {
    const least = shares.reduce((a, b) => (b.weight < a.weight ? b : a));
    least.weight += share.weight;
    least.files.push(share.file);
  }
  return shares.map((share) => share.files);
}
