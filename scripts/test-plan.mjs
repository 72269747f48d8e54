// Which test files run, and in which order and company. scripts/test.mjs runs them.

/** Files beside the source that take less than a second are not in the list of durations. A typical one of them takes this. */
const SHORT_SECONDS = 0.2;
/** A file in test/ that is not in the list is new, and may run whole calls. */
const NEW_SECONDS = 10;
/** A file whose tests compute for a smaller share of their time than this waits: for speech, for limits, for other processes. */
const WAITING_SHARE = 0.4;
/** The shortest bundle, unless it is a file alone. */
const MIN_SECONDS = 15;

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
 * @typedef {object} Weight How long the tests of a file took.
 * @property {number} seconds
 * @property {number} cpu of these, how many seconds were computed, by all processes together
 */

/**
 * Puts `files` into bundles, each of which one process runs. node:test starts the next bundle when one ends, so that no core is
 * idle while there is work.
 *
 * The first bundles are for processes that run beside the others. Each of them has files that mostly wait, and is about as long
 * as the whole run. The others follow, the longest first, and the last ones are short, so that all processes end at about the
 * same time.
 * @param {readonly string[]} files
 * @param {Readonly<Record<string, Weight>>} weights of the files that take long
 * @param {{ working: number, waiting: number }} processes how many run at the same time
 * @returns {{ waiting: string[][], working: string[][] }}
 */
export function bundlesOf(files, weights, processes) {
  const weighed = files.map((file) => {
    const seconds = file.startsWith('test/') ? NEW_SECONDS : SHORT_SECONDS;
    return { file, ...(weights[file] ?? { seconds, cpu: seconds }) };
  });
  const waiting = waitingBundles(weighed, processes);
  const left = weighed.filter((each) => !waiting.some((bundle) => bundle.includes(each)));
  const names = (bundles) => bundles.map((bundle) => bundle.map(({ file }) => file));
  return { waiting: names(waiting), working: names(workingBundles(left, processes.working)) };
}

function waitingBundles(weighed, { waiting, working }) {
  const targetSeconds = secondsOf(weighed) / (waiting + working);
  const bundles = Array.from({ length: waiting }, () => []);
  const share = ({ cpu, seconds }) => cpu / seconds;
  const waits = weighed.filter((each) => share(each) < WAITING_SHARE).toSorted((a, b) => share(a) - share(b));
  for (const each of waits) {
    const shortest = bundles.reduce((a, b) => (secondsOf(b) < secondsOf(a) ? b : a));
    if (secondsOf(shortest) + each.seconds <= targetSeconds) shortest.push(each);
  }
  return bundles.filter((bundle) => bundle.length > 0);
}

function workingBundles(weighed, processes) {
  let left = weighed.toSorted((a, b) => b.seconds - a.seconds);
  const leastSeconds = Math.min(MIN_SECONDS, secondsOf(left) / processes);
  const bundles = [];
  while (left.length > 0) {
    const [longest, ...others] = left;
    const maxSeconds = Math.max(leastSeconds, secondsOf(left) / (2 * processes));
    const bundle = [longest];
    left = [];
    for (const each of others) (secondsOf(bundle) + each.seconds <= maxSeconds ? bundle : left).push(each);
    bundles.push(bundle);
  }
  return bundles;
}

function secondsOf(weighed) {
  return weighed.reduce((sum, { seconds }) => sum + seconds, 0);
}
