// A reporter of node:test that writes one JSON line when a test begins and one when it is over, so that scripts/test.mjs
// knows what is still running, what was skipped and what took long. Node 20 reports one process after the other: a test of
// the next process counts from then.

import { existsSync, readFileSync } from 'node:fs';

/**
 * @typedef {object} Told
 * @property {string} [file]
 * @property {string} [name]
 * @property {number} [line]
 * @property {number} [column]
 * @property {number} [nesting]
 * @property {boolean | string} [skip]
 * @property {{ duration_ms?: number }} [details]
 */

/** @param {AsyncIterable<{ type: string, data?: Told }>} events */
// oxlint-disable-next-line import/no-default-export -- node:test takes a reporter as a default export.
export default async function* runningTests(events) {
  for await (const { type, data } of events) {
    const isOver = ['test:complete', 'test:pass', 'test:fail'].includes(type);
    if (!isOver && type !== 'test:dequeue') continue;
    const { column, details, file, line, name, nesting, skip } = data;
    const isResult = isOver && type !== 'test:complete';
    const result = isResult ? { ms: details?.duration_ms, isSkipped: skip !== undefined && skip !== false } : {};
    yield `${JSON.stringify({ isOver, file, name, nesting, place: `${file}:${line}:${column}:${name}`, ...result })}\n`;
  }
}

/** What is running, from the file that the reporter writes. */
export class RunningTests {
  #path;
  #readBytes = 0;
  #rest = '';
  /** @type {Map<string, { file: string, name: string, nesting: number, isSuite: boolean, sinceMs: number }>} */
  #running = new Map();
  /** Paths of the processes that have not ended. */
  #processes = new Set();
  #seen = new Set();
  #reportedMs = performance.now();
  /** @type {Map<string, number>} */
  #durations = new Map();
  /** @type {{ file: string, name: string }[]} */
  #skipped = [];

  /** @param {string} path */
  constructor(path) {
    this.#path = path;
  }

  /** Reads what the reporter has written since the last time. */
  read(nowMs) {
    if (!existsSync(this.#path)) return;
    const written = readFileSync(this.#path);
    const lines = (this.#rest + written.subarray(this.#readBytes).toString()).split('\n');
    this.#readBytes = written.length;
    this.#rest = lines.pop() ?? '';
    for (const line of lines) {
      const { file, isOver, isSkipped, ms, name, nesting, place } = JSON.parse(line);
      this.#reportedMs = nowMs;
      this.#seen.add(file);
      // A process of many files is reported like a test, with its path as its name.
      if (file?.endsWith(name)) {
        this.#processes[isOver ? 'delete' : 'add'](file);
        continue;
      }
      if (isSkipped) this.#skipped.push({ file, name });
      if (ms !== undefined && nesting === 0) this.#durations.set(file, (this.#durations.get(file) ?? 0) + ms);
      if (isOver) this.#running.delete(place);
      else this.#begin(place, { file, name, nesting, isSuite: false, sinceMs: nowMs });
    }
  }

  /** Returns the tests that have been running since `sinceMs` or longer. A suite is not one once it has begun a test. */
  since(sinceMs) {
    return [...this.#running.values()].filter((test) => !test.isSuite && test.sinceMs <= sinceMs);
  }

  /** The processes that have not ended. A process in which no test runs is held up by what a test has left open. */
  get processes() {
    return [...this.#processes];
  }

  /** The files of which a test has begun. */
  get files() {
    return [...this.#seen];
  }

  /** When something was reported last. */
  get reportedMs() {
    return this.#reportedMs;
  }

  /** How long the tests of each file took together, in milliseconds. */
  get durations() {
    return new Map(this.#durations);
  }

  /** The tests and suites that were skipped. */
  get skipped() {
    return [...this.#skipped];
  }

  #begin(place, test) {
    for (const other of this.#running.values()) {
      if (other.file === test.file && other.nesting < test.nesting) other.isSuite = true;
    }
    this.#running.set(place, test);
  }
}
