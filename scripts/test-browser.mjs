// Builds everything and runs the tests of the console's pages in Debian's Chromium, or the one that CHROMIUM names. Where there is
// none, it says so and passes, because npm downloads no browser. In CI it fails.
//   node scripts/test-browser.mjs [part of a path]…   runs only the files whose path contains one of these
import { existsSync } from 'node:fs';
import { basename } from 'node:path';
import { run } from 'node:test';
import { spec as SpecReporter } from 'node:test/reporters';
import { fileURLToPath } from 'node:url';
import { buildAll, sources } from './build.mjs';

const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium';
/** Maximum time of one file. A browser that hangs must not hold up everything that comes after the tests. */
const MAX_FILE_MS = 10 * 60_000;
/**
 * Nothing may run beside them: a browser speaks in real time, and the gateway must understand every word.
 */
const ALONE = ['two-people', 'softphone', 'called-softphone'];
/** They take the longest, so they begin first. */
const FIRST = ['accessibility', 'shifts', 'small-windows', 'keyboard'];
/** How many files run at a time. Each has a browser of its own, and waits for it most of the time. */
const AT_A_TIME = 2;

const root = fileURLToPath(new URL('..', import.meta.url));

if (!existsSync(CHROMIUM) && process.env.CI) {
  console.error(
    `There is no Chromium at ${CHROMIUM}, and CI skips no test. Install it, or name another one in CHROMIUM.`,
  );
  process.exit(1);
}
if (!existsSync(CHROMIUM)) {
  console.log(`SKIPPED: there is no Chromium at ${CHROMIUM}, so no page was tested.`);
  console.log('Install it (Debian, Ubuntu: apt-get install chromium), or name another one in CHROMIUM.');
  console.log('0 passed, 0 failed, all skipped');
  process.exit(0);
}
const wanted = process.argv.slice(2);
await buildAll({ all: true, ifNeeded: true });
const names = sources(['test/browser'])
  .filter((file) => file.endsWith('.test.ts'))
  .filter((file) => wanted.length === 0 || wanted.some((part) => file.includes(part)))
  .map((file) => basename(file, '.test.ts'));
if (names.length === 0) {
  console.error(`No test file matches ${wanted.join(', ')}.`);
  process.exit(1);
}
// What node:test starts inherits the environment, and not the flags.
process.env.NODE_OPTIONS = `${process.env.NODE_OPTIONS ?? ''} --enable-source-maps`.trim();
const counts = { passed: 0, failed: 0 };
const startedMs = performance.now();
const together = names.filter((name) => !ALONE.includes(name));
const rank = (name) => (FIRST.includes(name) ? FIRST.indexOf(name) : FIRST.length);
await runFiles(
  together.toSorted((a, b) => rank(a) - rank(b)),
  AT_A_TIME,
);
await runFiles(
  names.filter((name) => ALONE.includes(name)),
  1,
);
const seconds = Math.round((performance.now() - startedMs) / 1000);
console.log(`${counts.passed} passed, ${counts.failed} failed in ${seconds} s`);
process.exitCode = counts.failed === 0 && counts.passed > 0 ? 0 : 1;

/** Runs test files, `concurrency` at a time, and prints what comes of each test. */
async function runFiles(files, concurrency) {
  if (files.length === 0) return;
  const paths = files.map((name) => `${root}dist/test/browser/${name}.test.js`);
  const tests = run({ files: paths, concurrency, timeout: MAX_FILE_MS });
  // A file is reported as a test, too, where it fails.
  tests.on('test:pass', ({ name }) => paths.includes(name) || counts.passed++);
  tests.on('test:fail', () => counts.failed++);
  for await (const text of tests.compose(new SpecReporter())) process.stdout.write(text);
}
