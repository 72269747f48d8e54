// Builds everything and runs the tests in a few processes with many files each. A process per file takes sixteen times as long,
// and a single process leaves a core idle while its tests wait.
//   node scripts/test.mjs [part of a path]…   runs only the files whose path contains one of these
//   node scripts/test.mjs --unit              runs only the unit tests: those beside the source that need no other program
//   node scripts/test.mjs --integration       runs only the others
//   node scripts/test.mjs --weigh             writes down how long these files took, for the next run's plan; on Linux
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, constants } from 'node:os';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildAll, sources } from './build.mjs';
import { RunningTests } from './running-tests.mjs';
import { bundlesOf, isIntegration } from './test-plan.mjs';

/** Maximum time of one test, and without any news. node:test in Node 20 can only stop a whole process, without a word about the test. */
const MAX_TEST_MS = 5 * 60_000;
/**
 * How long nothing may be reported while no test runs. Then the processes that are left are told to end, and say what is open. It
 * is longer than any file takes, because node:test reports tests that run at the same time only when their file ends.
 */
const MAX_LEFT_OPEN_MS = 150_000;
/** Maximum time of the whole run. */
const MAX_RUN_MS = 30 * 60_000;

/** How many processes run at a time for each core. With three, tests with a time limit of their own fail. */
const PROCESSES_PER_CORE = 1.5;
/** How many more processes there are for each core, with tests that mostly wait. */
const WAITING_PROCESSES_PER_CORE = 1;

/**
 * Keeps the process of a bundle alive until its last test is over. A timer of the system's clock does not. A test that waits for
 * nothing else would end the process, and every test after it would fail.
 */
const ALIVE = `import { writeFileSync } from 'node:fs';
import { after } from 'node:test';
import { fileURLToPath } from 'node:url';
writeFileSync(fileURLToPath(import.meta.url) + '.pid', String(process.pid));
process.on('SIGUSR2', () => {
  console.error('A test has left something open: ' + process.getActiveResourcesInfo().join(', '));
  process.exit();
});
const alive = setInterval(() => undefined, 60_000);
after(() => clearInterval(alive));`;

const WEIGH = `import { weigh } from '../scripts/test-cpu.mjs';`;

const root = fileURLToPath(new URL('..', import.meta.url));
const durationsFile = new URL('test-durations.json', import.meta.url);
const flagsGiven = process.argv.slice(2).filter((arg) => arg.startsWith('--'));
const wanted = process.argv.slice(2).filter((arg) => !arg.startsWith('--'));
const unknown = flagsGiven.filter((flag) => !['--unit', '--integration', '--weigh'].includes(flag));
if (unknown.length > 0) {
  console.error(`${unknown.join(', ')}: the options are --unit, --integration and --weigh.`);
  process.exit(2);
}
const isWeighing = flagsGiven.includes('--weigh');
const cpuFile = fileURLToPath(new URL(`../dist/cpu-${process.pid}.jsonl`, import.meta.url));
await buildAll({ all: true, ifNeeded: true });
const files = sources(['src', 'sim', 'lambda', 'bench', 'chaos', 'console', 'evals', 'test'])
  // The console's pages need a browser; see test-browser.mjs.
  .filter((file) => file.endsWith('.test.ts') && !file.startsWith('test/browser/'))
  .filter((file) => wanted.length === 0 || wanted.some((part) => file.includes(part)))
  .filter((file) => isChosen(file));
if (files.length === 0) {
  console.error(`No test file matches ${[...flagsGiven, ...wanted].join(', ')}.`);
  process.exit(1);
}
const cores = Math.max(2, availableParallelism());
const known = JSON.parse(readFileSync(durationsFile, 'utf8'));
const workingAtATime = Math.round(PROCESSES_PER_CORE * cores);
const { waiting, working } = bundlesOf(files, known, {
  waiting: WAITING_PROCESSES_PER_CORE * cores,
  working: workingAtATime,
});
const bundles = [...waiting, ...working];
const atATime = waiting.length + workingAtATime;
const entries = bundles.map((bundle, number) => {
  // node:test sorts the names.
  const name = `all-${process.pid}-${String(number).padStart(3, '0')}.test.js`;
  const entry = new URL(`../dist/${name}`, import.meta.url);
  writeFileSync(
    entry,
    [ALIVE, ...(isWeighing ? [WEIGH] : []), ...bundle.flatMap((file) => linesOf(file)), ''].join('\n'),
  );
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
const flags = ['--enable-source-maps', '--expose-gc', '--test', ...reporters, `--test-concurrency=${atATime}`];
// A group of its own, so that a process whose event loop is blocked can be ended as well.
const run = spawn(process.execPath, [...flags, ...entries], { stdio: 'inherit', env, detached: true });
const running = new RunningTests(report);
const startedMs = performance.now();
const watch = setInterval(() => {
  const nowMs = performance.now();
  running.read(nowMs);
  if (nowMs - running.reportedMs >= MAX_LEFT_OPEN_MS && running.since(nowMs).length === 0) endWhatIsOver();
  const isOver = nowMs - startedMs >= MAX_RUN_MS || nowMs - running.reportedMs >= MAX_TEST_MS;
  const hanging = running.since(isOver ? nowMs : nowMs - MAX_TEST_MS);
  if (!isOver && hanging.length === 0) return;
  for (const { file, name, sinceMs } of hanging) {
    console.error(`${sourceOf(file)}: “${name}” is still running after ${Math.round((nowMs - sinceMs) / 1000)} s`);
  }
  if (hanging.length === 0) {
    const begun = new Set(running.files.map(sourceOf));
    const suspects = running.processes.flatMap((path) => {
      const bundle = bundles[entries.indexOf(path)] ?? [];
      // A process runs its files in order.
      return bundle.slice(
        Math.max(
          0,
          bundle.findLastIndex((file) => begun.has(file)),
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
  running.read(performance.now());
  const cpuLines = isWeighing && existsSync(cpuFile) ? readFileSync(cpuFile, 'utf8').trim().split('\n') : [];
  for (const file of [...entries, ...entries.map((entry) => `${entry}.pid`), report, cpuFile])
    rmSync(file, { force: true });
  if (signal) process.exit(128 + constants.signals[signal]);
  // Of a run that failed or was ended some files are missing.
  if (isWeighing && code === 0) writeFileSync(durationsFile, weights(cpuLines));
  process.exit(code === 0 && isIncomplete() ? 1 : (code ?? 1));
});

/** Ends the processes whose tests are over, and which do not end by themselves. */
function endWhatIsOver() {
  for (const path of running.processes) {
    try {
      process.kill(Number(readFileSync(`${path}.pid`, 'utf8')), 'SIGUSR2');
    } catch {
      // It has ended meanwhile, or has not begun.
    }
  }
}

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

/** Returns the lines with which the entry of a bundle runs a test file. */
function linesOf(file) {
  const line = `await import('./${file.replace(/\.ts$/, '.js')}');`;
  return isWeighing ? [line, `weigh(${JSON.stringify(file)}, ${JSON.stringify(cpuFile)});`] : [line];
}

/** Returns whether `file` is of the kind that the options ask for. */
function isChosen(file) {
  if (!flagsGiven.includes('--unit') && !flagsGiven.includes('--integration')) return true;
  return flagsGiven.includes(isIntegration(file, readFileSync(`${root}/${file}`, 'utf8')) ? '--integration' : '--unit');
}

/** Returns whether tests were skipped where none may be: in CI, which has everything that they need. Says which. */
function isIncomplete() {
  if (!process.env.CI || running.skipped.length === 0) return false;
  for (const { file, name } of running.skipped)
    console.error(`${sourceOf(file)}: “${name}” was skipped, and CI skips none`);
  return true;
}

/** Returns what `scripts/test-durations.json` holds: the weight (`test-plan.mjs`) of each file in test/, and of each other one that takes a second. */
function weights(cpuLines) {
  const tenths = (seconds) => Math.round(seconds * 10) / 10;
  const cpu = new Map(cpuLines.map((line) => JSON.parse(line)));
  const weighed = [...running.durations].map(([file, ms]) => {
    const source = sourceOf(file);
    return [source, { seconds: tenths(ms / 1000), cpu: tenths(cpu.get(source) ?? 0) }];
  });
  const others = Object.entries(known).filter(([file]) => !files.includes(file) && existsSync(`${root}/${file}`));
  const listed = [...others, ...weighed].filter(([file, { seconds }]) => seconds >= 1 || file.startsWith('test/'));
  return `${JSON.stringify(Object.fromEntries(listed.toSorted(([a], [b]) => (a < b ? -1 : 1))), undefined, 2)}\n`;
}
