// Breaks the gateway on purpose, in one small place after the other, and runs the tests that must notice. The list is
// test/mutants.mjs. Works in a copy in a temporary folder; the work tree is not touched.
//   npm run mutants -- --help
import { spawn } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { MUTANTS } from '../test/mutants.mjs';

const HELP = `npm run mutants -- [--only PATTERN] [--json]

Applies the mutations of test/mutants.mjs one at a time, to a copy of the tree in a temporary folder, and runs the tests
named with each. A mutation that no test notices survives.

  --only PATTERN  only mutations whose name or file matches this regular expression
  --json          the result as JSON on standard output; progress goes to standard error
  --help          this text

Exits 0 if every mutation was noticed. Exits 1 if one survived, if the tests fail without a mutation, or if a text is no
longer found in its file.`;

/** What is not copied: it is linked, built again, or not needed by a test. */
const NOT_COPIED = new Set(['.git', '.terraform', 'dist', 'node_modules']);
/** Time a run may take beyond three times that of the same tests without a mutation. */
const SPARE_MS = 10_000;
const FIRST_DEADLINE_MS = 240_000;

/**
 * One small change of the source that breaks something.
 * @typedef {object} Mutant
 * @property {string} name what the gateway does wrong with it
 * @property {string} file path of the source, relative to the project
 * @property {string} find text that stands exactly once in the file
 * @property {string} replace what stands there instead
 * @property {string[]} tests test files of which one must fail
 * @property {string} [only] a pattern of test names, if the whole files would take long
 */

/**
 * Returns what is wrong with the list: a text that is not found exactly once, a test file that does not exist.
 * @param {readonly Mutant[]} mutants
 * @param {(file: string) => string | undefined} read
 */
export function problemsOf(mutants, read) {
  const names = mutants.map(({ name }) => name);
  const problems = names.filter((name, at) => names.indexOf(name) !== at).map((name) => `“${name}” is there twice`);
  for (const { file, find, name, replace, tests } of mutants) {
    const source = read(file);
    const found = source === undefined ? 0 : source.split(find).length - 1;
    if (source === undefined) problems.push(`“${name}”: ${file} does not exist`);
    else if (found !== 1) problems.push(`“${name}”: its text stands ${found} times in ${file}, not once`);
    if (find === replace) problems.push(`“${name}”: its replacement is the same text`);
    if (tests.length === 0) problems.push(`“${name}”: it names no test file`);
    problems.push(
      ...tests.filter((test) => read(test) === undefined).map((test) => `“${name}”: ${test} does not exist`),
    );
  }
  return problems;
}

/** @param {string} root */
function reader(root) {
  return (file) => (existsSync(join(root, file)) ? readFileSync(join(root, file), 'utf8') : undefined);
}

/** A built copy of the tree, in which one file at a time is changed. */
class Copy {
  constructor(root) {
    this.folder = mkdtempSync(join(tmpdir(), 'tandem-mutants-'));
    cpSync(root, this.folder, {
      recursive: true,
      filter: (path) =>
        !path
          .slice(root.length)
          .split('/')
          .some((part) => NOT_COPIED.has(part)),
    });
    symlinkSync(realpathSync(join(root, 'node_modules')), join(this.folder, 'node_modules'));
  }

  async build() {
    this.builder = await import(pathToFileURL(join(this.folder, 'scripts/build.mjs')).href);
    await this.builder.buildAll({ all: true });
  }

  /** Runs `action` while `file` holds `source`. */
  async with(file, source, action) {
    const path = join(this.folder, file);
    const original = readFileSync(path, 'utf8');
    try {
      writeFileSync(path, source);
      await this.builder.buildFiles([file]);
      return await action();
    } finally {
      writeFileSync(path, original);
      await this.builder.buildFiles([file]);
    }
  }

  /**
   * Runs test files. `stopped`: the deadline was reached.
   * @returns {Promise<{ result: 'passed' | 'failed' | 'stopped', passed: number, seconds: number, output: string }>}
   */
  run({ only, tests }, deadlineMs) {
    const files = tests.map((file) => join(this.folder, 'dist', file.replace(/\.ts$/, '.js')));
    const pattern = only === undefined ? [] : [`--test-name-pattern=${only}`];
    const flags = ['--enable-source-maps', '--expose-gc', '--test', '--test-reporter=tap', ...pattern];
    const env = {
      ...process.env,
      NODE_ENV: 'test',
      ENV_FILE: 'none',
      AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
    };
    const startedMs = performance.now();
    return new Promise((resolve) => {
      // A group of its own, so that the deadline ends the processes of the test files, too.
      const run = spawn(process.execPath, [...flags, ...files], { cwd: this.folder, detached: true, env });
      let output = '';
      let isStopped = false;
      const deadline = setTimeout(() => {
        isStopped = true;
        endGroup(run.pid);
      }, deadlineMs);
      running = run.pid;
      for (const stream of [run.stdout, run.stderr]) stream.on('data', (data) => (output += data));
      run.on('close', (code) => {
        clearTimeout(deadline);
        running = undefined;
        const passed = Number(/^# pass (\d+)$/m.exec(output)?.[1] ?? 0);
        const result = isStopped ? 'stopped' : code === 0 ? 'passed' : 'failed';
        resolve({ result, passed, seconds: (performance.now() - startedMs) / 1000, output });
      });
    });
  }

  remove() {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Process id of the run in progress. */
let running;

function endGroup(pid) {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // The group has ended.
  }
}

/**
 * Runs all `mutants` in one copy of `root`.
 * @param {readonly Mutant[]} mutants
 * @param {string} root
 * @param {(line: string) => void} say
 */
async function runAll(mutants, root, say) {
  const startedMs = performance.now();
  const copy = new Copy(root);
  const leave = () => {
    if (running !== undefined) endGroup(running);
    copy.remove();
    process.exit(130);
  };
  process.once('SIGINT', leave);
  process.once('SIGTERM', leave);
  const read = reader(copy.folder);
  /** Runs without a mutation, by tests and pattern. */
  const baselines = new Map();
  const results = [];
  try {
    await copy.build();
    for (const [at, mutant] of mutants.entries()) {
      const { file, find, name, replace } = mutant;
      const key = JSON.stringify([mutant.tests, mutant.only]);
      if (!baselines.has(key)) baselines.set(key, await copy.run(mutant, FIRST_DEADLINE_MS));
      const baseline = baselines.get(key);
      let result;
      if (baseline.result !== 'passed' || baseline.passed === 0) {
        const why = baseline.result === 'passed' ? 'no test ran' : `the tests ${baseline.result}`;
        result = { outcome: 'untested', seconds: baseline.seconds, detail: `${why} without a mutation` };
      } else {
        // A function, because a text may hold `$&` and the like.
        const source = read(file).replace(find, () => replace);
        const deadlineMs = 3000 * baseline.seconds + SPARE_MS;
        const run = await copy.with(file, source, () => copy.run(mutant, deadlineMs));
        const outcome = run.result === 'passed' ? 'survived' : 'noticed';
        result = { outcome, seconds: run.seconds, detail: run.result === 'stopped' ? 'by the deadline' : undefined };
      }
      results.push({ name, file, tests: mutant.tests, only: mutant.only, ...result });
      const detail = result.detail === undefined ? '' : ` (${result.detail})`;
      say(`[${at + 1}/${mutants.length}] ${result.outcome}${detail} after ${result.seconds.toFixed(1)} s: ${name}`);
      if (result.outcome === 'untested') say(failuresIn(baseline.output));
    }
  } finally {
    copy.remove();
    process.off('SIGINT', leave);
    process.off('SIGTERM', leave);
  }
  return { seconds: (performance.now() - startedMs) / 1000, mutants: results };
}

/** Returns the lines of a TAP report that name a failed test. */
function failuresIn(output) {
  const lines = output.split('\n').filter((line) => /^\s*not ok /.test(line));
  return (lines.length > 0 ? lines : output.split('\n').slice(-20)).join('\n');
}

async function main() {
  const { values } = parseArgs({
    options: { help: { type: 'boolean' }, json: { type: 'boolean' }, only: { type: 'string' } },
  });
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  const root = fileURLToPath(new URL('..', import.meta.url)).replace(/\/$/, '');
  const problems = problemsOf(MUTANTS, reader(root));
  for (const problem of problems) console.error(`test/mutants.mjs: ${problem}`);
  if (problems.length > 0) return 1;
  const pattern = new RegExp(values.only ?? '', 'i');
  const chosen = MUTANTS.filter(({ file, name }) => pattern.test(name) || pattern.test(file));
  if (chosen.length === 0) {
    console.error(`No mutation matches ${values.only}.`);
    return 1;
  }
  const { mutants, seconds } = await runAll(chosen, root, (line) => console.error(line));
  const missed = mutants.filter(({ outcome }) => outcome !== 'noticed');
  if (values.json) {
    console.log(JSON.stringify({ seconds, noticed: mutants.length - missed.length, mutants }, undefined, 2));
  }
  for (const { file, name, outcome } of missed) console.error(`${outcome}: ${name} (${file})`);
  console.error(`${mutants.length - missed.length} of ${mutants.length} mutations noticed in ${seconds.toFixed(0)} s`);
  return missed.length === 0 ? 0 : 1;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    process.exitCode = await main();
  } catch (error) {
    console.error(error instanceof Error && 'code' in error ? `${error.message}\n\n${HELP}` : error);
    process.exitCode = 1;
  }
}
