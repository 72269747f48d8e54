// Which test files run, and in which order and company. scripts/test.mjs runs them.

/** Files that take less than a second are not in the list of durations. A typical one of them takes this. */
const SHORT_SECONDS = 0.2;
/** A file in test/ that is not in the list may be new, and run whole calls. */
const NEW_SECONDS = 10;
/** What node:test, the packages and the gateway's modules need before the first test of a process runs. */
const START_SECONDS = 1.5;

/** What a test beside the source needs of another program, by what it imports. */
const PROGRAMS = /from '[./]+\/test\/support\/(?:redis-server|dynamodb-local)\.js'/;

/**
 * Returns whether a test file belongs to the integration tests: whole calls, commands and everything else in test/, and what
 * needs a Redis or a table beside the source. The others are the unit tests.
 * @param {string} file path relative to the project
 * @param {string} source
 */
export function isIntegration(file, source) {
  return file.startsWith('test/') || PROGRAMS.test(source);
}

/**
 * Puts `files` into bundles, each of which one process runs, the longest bundle first. node:test starts the next bundle when one
 * ends, so that no core is idle while there is work.
 * @param {readonly string[]} files
 * @param {Readonly<Record<string, number>>} seconds how long files take that take long
 * @param {number} count of bundles
 */
export function bundlesOf(files, seconds, count) {
  const bundles = Array.from({ length: Math.min(count, files.length) }, () => ({ seconds: START_SECONDS, files: [] }));
  const weighed = files.map((file) => ({
    file,
    seconds: seconds[file] ?? (file.startsWith('test/') ? NEW_SECONDS : SHORT_SECONDS),
  }));
  for (const { file, seconds: needed } of weighed.toSorted((a, b) => b.seconds - a.seconds)) {
    const least = bundles.reduce((a, b) => (b.seconds < a.seconds ? b : a));
    least.seconds += needed;
    least.files.push(file);
  }
  return bundles.toSorted((a, b) => b.seconds - a.seconds).map((bundle) => bundle.files);
}
