import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';

const script = new URL('../../scripts/test-plan.mjs', import.meta.url).href;
const { bundlesOf, isIntegration } = (await import(script)) as {
  bundlesOf: (files: readonly string[], seconds: Record<string, number>, count: number) => string[][];
  isIntegration: (file: string, source: string) => boolean;
};

test('the file that takes longest begins first, alone, and every file runs once', () => {
  const files = ['a.test.ts', 'b.test.ts', 'c.test.ts', 'd.test.ts', 'e.test.ts'];
  const bundles = bundlesOf(files, { 'd.test.ts': 60, 'b.test.ts': 20 }, 3);
  assert.deepEqual(bundles.slice(0, 2), [['d.test.ts'], ['b.test.ts']]);
  assert.deepEqual(bundles.flat().toSorted(), files);
});

test('there is no bundle without a file', () => {
  assert.deepEqual(bundlesOf(['a.test.ts', 'b.test.ts'], {}, 12), [['a.test.ts'], ['b.test.ts']]);
});

test('whole calls and what needs a Redis or a table are integration tests, and all else beside the source is not', () => {
  assert.ok(isIntegration('test/calls.test.ts', ''));
  assert.ok(
    isIntegration('src/journal/a.test.ts', "import { RedisServer } from '../../test/support/redis-server.js';"),
  );
  assert.ok(isIntegration('src/handover/a.test.ts', "import {\n  x,\n} from '../../test/support/dynamodb-local.js';"));
  assert.ok(!isIntegration('src/call/a.test.ts', "import { FakeClock } from '../../test/support/fake-clock.js';"));
});

test('every file in the list of durations exists', () => {
  const durations = JSON.parse(readFileSync('scripts/test-durations.json', 'utf8')) as Record<string, number>;
  assert.deepEqual(
    Object.keys(durations).filter((file) => !existsSync(file)),
    [],
  );
});
