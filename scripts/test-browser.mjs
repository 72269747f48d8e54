// Builds everything and runs the tests of the console's pages in Debian's Chromium, or the one that CHROMIUM names. Where there is
// none, it says so and passes, because npm downloads no browser. In CI it fails.
//   node scripts/test-browser.mjs [part of a path]…   runs only the files whose path contains one of these
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { buildAll, sources } from './build.mjs';

const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium';
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
const files = sources(['test/browser'])
  .filter((file) => file.endsWith('.test.ts'))
  .filter((file) => wanted.length === 0 || wanted.some((part) => file.includes(part)))
  .map((file) => `dist/${file.replace(/\.ts$/, '.js')}`);
if (files.length === 0) {
  console.error(`No test file matches ${wanted.join(', ')}.`);
  process.exit(1);
}
// One browser at a time, because the tests measure how smooth the pages are.
const flags = ['--enable-source-maps', '--test', '--test-reporter=spec', '--test-concurrency=1'];
const run = spawnSync(process.execPath, [...flags, ...files], { cwd: root, stdio: 'inherit' });
process.exit(run.status ?? 1);
