// For scripts/test.mjs --weigh: how long the tests of a file compute, with all processes that they start. Linux alone tells.
import { appendFileSync, readFileSync } from 'node:fs';
import { test } from 'node:test';

/** The kernel counts in hundredths of a second. */
const TICKS_PER_SECOND = 100;

let beforeSeconds = cpuSeconds();

/**
 * Registers a test that runs after all tests so far. It appends a line to the file `path`: `[file, seconds]` in JSON.
 * @param {string} file the test file that was imported last, as a path relative to the project
 * @param {string} path
 */
export function weigh(file, path) {
  void test(`${file} is weighed`, () => {
    const seconds = cpuSeconds();
    appendFileSync(path, `${JSON.stringify([file, seconds - beforeSeconds])}\n`);
    beforeSeconds = seconds;
  });
}

/** Returns how long this process has computed, and the processes that it has started and that have ended. See proc_pid_stat(5). */
function cpuSeconds() {
  const stat = readFileSync('/proc/self/stat', 'utf8');
  const ticks = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .slice(11, 15);
  return ticks.reduce((sum, each) => sum + Number(each), 0) / TICKS_PER_SECOND;
}
