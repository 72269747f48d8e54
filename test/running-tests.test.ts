import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

const script = new URL('../../scripts/running-tests.mjs', import.meta.url);
interface Running {
  read(nowMs: number): void;
  since(sinceMs: number): { file: string; name: string }[];
  readonly processes: readonly string[];
  readonly reportedMs: number;
  readonly durations: ReadonlyMap<string, number>;
  readonly skipped: readonly { file: string; name: string }[];
}
const { default: reporter, RunningTests } = (await import(script.href)) as {
  default: (events: Iterable<object>) => AsyncIterable<string>;
  RunningTests: new (path: string) => Running;
};

test('a test that hangs is known by its title, and a suite, a finished test and a whole process are not', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'tandem-running-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'report.jsonl');
  const running = new RunningTests(path);
  running.read(0);
  assert.deepEqual(running.since(0), [], 'nothing is reported yet');
  const event = (type: string, name: string, line: number, nesting: number, file = '/dist/src/a.test.js'): object => ({
    type,
    data: { name, file, line, column: 1, nesting },
  });
  const report = async (...events: readonly object[]): Promise<void> => {
    for await (const line of reporter(events)) appendFileSync(path, line);
  };

  await report(
    event('test:dequeue', 'all-1-0.test.js', 1, 0, '/dist/all-1-0.test.js'),
    event('test:dequeue', 'is quick', 2, 0),
    event('test:complete', 'is quick', 2, 0),
    event('test:dequeue', 'a suite', 3, 0),
  );
  running.read(1000);
  const names = (sinceMs: number): string[] => running.since(sinceMs).map(({ name }) => name);
  assert.deepEqual(names(1000), ['a suite'], 'it may hang in its own preparation');
  await report(event('test:dequeue', 'is quick, too', 4, 1), event('test:pass', 'is quick, too', 4, 1));
  running.read(2000);
  assert.deepEqual(names(2000), []);
  await report(event('test:dequeue', 'hangs', 5, 1));
  running.read(3000);
  assert.deepEqual(names(2999), []);
  assert.deepEqual(names(3000), ['hangs']);
  running.read(9000);
  assert.equal(running.reportedMs, 3000);
  const entry = '/dist/all-1-0.test.js';
  assert.deepEqual(running.processes, [entry]);
  await report(event('test:pass', 'all-1-0.test.js', 1, 0, entry));
  running.read(9500);
  assert.deepEqual([running.processes, running.reportedMs], [[], 9500]);
});

test('how long the tests of a file took together is known, and which tests were skipped', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'tandem-running-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'report.jsonl');
  const passed = (name: string, ms: number, more: object = {}): object => ({
    type: 'test:pass',
    data: { name, file: '/dist/src/a.test.js', line: 1, column: 1, nesting: 0, details: { duration_ms: ms }, ...more },
  });
  const events = [
    passed('one', 1200),
    passed('a part of one', 700, { nesting: 1 }),
    passed('two', 300),
    passed('three', 0, { skip: 'needs a Redis' }),
    passed('four', 0, { skip: false }),
    passed('/dist/src/a.test.js', 9000),
  ];
  for await (const line of reporter(events)) appendFileSync(path, line);
  const running = new RunningTests(path);
  running.read(0);
  assert.deepEqual([...running.durations], [['/dist/src/a.test.js', 1500]]);
  assert.deepEqual(running.skipped, [{ file: '/dist/src/a.test.js', name: 'three' }]);
});
