// Builds everything and runs the tests in a few processes with many files each. A process per file takes sixteen times as long,
// and a single process leaves a core idle while its tests wait.
//   node scripts/test.mjs [part of a path]…   runs only the files whose path contains one of these
import { spawn } from 'node:child_process';
import { rmSync, statSync, writeFileSync } from 'node:fs';
import { availableParallelism, constants } from 'node:os';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildAll, sources } from './build.mjs';
import { RunningTests } from './running-tests.mjs';

/** Maximum time of one test, and without any news. node:test in Node 20 can only stop a whole process, without a word about the test. */
const MAX_TEST_MS = 5 * 60_000;
/** Maximum time of the whole run. */
const MAX_RUN_MS = 30 * 60_000;

const root = fileURLToPath(new URL('..', import.meta.url));
const wanted = process.argv.slice(2);
await buildAll({ all: true, ifNeeded: true });
const files = sources(['src', 'sim', 'lambda', 'bench', 'chaos', 'console', 'evals', 'test'])
  // The console's pages need a browser; see test-browser.mjs.
  .filter((file) => file.endsWith('.test.ts') && !file.startsWith('test/browser/'))
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
const env = {
  ...process.env,
  NODE_ENV: 'test',
  // The settings of the developer's own gateway are not those of a test.
  ENV_FILE: 'none',
  AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
};
const report = fileURLToPath(new URL(`../dist/running-${process.pid}.jsonl`, import.meta.url));
const reporters = [
  '--test-reporter=spec',
  '--test-reporter-destination=stdout',
  `--test-reporter=${fileURLToPath(new URL('running-tests.mjs', import.meta.url))}`,
  `--test-reporter-destination=${report}`,
];
const flags = ['--enable-source-maps', '--expose-gc', '--test', ...reporters, `--test-concurrency=${entries.length}`];
// A group of its own, so that a process whose event loop is blocked can be ended as well.
const run = spawn(process.execPath, [...flags, ...entries], { stdio: 'inherit', env, detached: true });
const running = new RunningTests(report);
const startedMs = performance.now();
const watch = setInterval(() => {
  const nowMs = performance.now();
  running.read(nowMs);
  const isOver = nowMs - startedMs >= MAX_RUN_MS || nowMs - running.reportedMs >= MAX_TEST_MS;
  const hanging = running.since(isOver ? nowMs : nowMs - MAX_TEST_MS);
  if (!isOver && hanging.length === 0) return;
  for (const { file, name, sinceMs } of hanging) {
    console.error(`${sourceOf(file)}: “${name}” is still running after ${Math.round((nowMs - sinceMs) / 1000)} s`);
  }
  if (hanging.length === 0) {
    const begun = new Set(running.files.map(sourceOf));
    const suspects = running.processes.flatMap((path) => {
      const shard = shards[entries.indexOf(path)] ?? [];
      // A process runs its files in order.
      return shard.slice(
        Math.max(
          0,
          shard.findLastIndex((file) => begun.has(file)),
        ),
      );
    });
    console.error(`Nothing was reported for a while. A file hangs or has left something open: ${suspects.join(', ')}`);
  }
  console.error(`The run is stopped after ${Math.round((nowMs - startedMs) / 60_000)} minutes.`);
  end('SIGKILL');
}, 1000);
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => end(signal));
run.on('exit', (code, signal) => {
  clearInterval(watch);
  for (const file of [...entries, report]) rmSync(file, { force: true });
  process.exit(signal ? 128 + constants.signals[signal] : (code ?? 1));
});

function end(signal) {
  try {
    if (run.pid !== undefined) process.kill(-run.pid, signal);
  } catch {
    // The group has ended.
  }
}

/** Returns the source of a test file, as a path relative to the project. node:test names either, the source or what was built. */
function sourceOf(file) {
  return relative(root, file)
    .replace(/^dist\//, '')
    .replace(/\.js$/, '.ts');
}

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
