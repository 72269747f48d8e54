import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

interface Weight {
  seconds: number;
  cpu: number;
}
interface Bundles {
  waiting: string[][];
  working: string[][];
}

const script = new URL('../../scripts/test-plan.mjs', import.meta.url).href;
const { bundlesOf, isIntegration } = (await import(script)) as {
  bundlesOf: (
    files: readonly string[],
    weights: Record<string, Weight>,
    processes: { waiting: number; working: number },
  ) => Bundles;
  isIntegration: (file: string, source: string) => boolean;
};
const works = (seconds: number): Weight => ({ seconds, cpu: seconds });
const waits = (seconds: number, cpu = 0): Weight => ({ seconds, cpu });

test('the file that takes longest begins first, the last bundles are short, and every file runs once', () => {
  const weights = {
    'd.test.ts': works(60),
    ...Object.fromEntries('abcefghijk'.split('').map((name) => [`${name}.test.ts`, works(20)])),
  };
  const files = Object.keys(weights);
  const { waiting, working } = bundlesOf(files, weights, { waiting: 1, working: 2 });
  assert.deepEqual(waiting, []);
  assert.equal(working[0]?.[0], 'd.test.ts');
  assert.equal(working.at(-1)?.length, 1);
  assert.deepEqual(working.flat().toSorted(), files.toSorted());
});

test('there is no bundle without a file', () => {
  const bundles = bundlesOf(['a.test.ts', 'b.test.ts'], {}, { waiting: 2, working: 4 });
  assert.deepEqual(bundles, { waiting: [], working: [['a.test.ts'], ['b.test.ts']] });
});

test('files that mostly wait run beside the others for as long as these take, and those that compute most stay with them', () => {
  const weights = {
    'a.test.ts': waits(50, 5),
    'b.test.ts': waits(50),
    'c.test.ts': waits(40, 8),
    'd.test.ts': works(70),
    'e.test.ts': works(90),
  };
  const { waiting, working } = bundlesOf(Object.keys(weights), weights, { waiting: 1, working: 2 });
  assert.deepEqual(waiting, [['b.test.ts', 'a.test.ts']]);
  assert.deepEqual(working, [['e.test.ts'], ['d.test.ts'], ['c.test.ts']]);
});

test('whole calls and what needs a Redis or a table are integration tests, and all else beside the source is not', () => {
  assert.ok(isIntegration('test/calls.test.ts', ''));
  assert.ok(
    isIntegration('src/journal/a.test.ts', "import { RedisServer } from '../../test/support/redis-server.js';"),
  );
  assert.ok(isIntegration('src/handover/a.test.ts', "import {\n  x,\n} from '../../test/support/dynamodb-local.js';"));
  assert.ok(!isIntegration('src/call/a.test.ts', "import { FakeClock } from '../../test/support/fake-clock.js';"));
});

const isLinux = process.platform === 'linux';
test(
  'what the tests of a file compute is weighed with their processes, and what they wait is not',
  { skip: !isLinux },
  (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'tandem-weigh-'));
    t.after(() => rmSync(folder, { recursive: true }));
    const written = join(folder, 'cpu.jsonl');
    const weigher = new URL('../../scripts/test-cpu.mjs', import.meta.url).href;
    const busy = 'while (process.cpuUsage().user < 300_000);';
    const entry = `import { execFileSync } from 'node:child_process';
    import { test } from 'node:test';
    import { weigh } from '${weigher}';
    test('waits', () => new Promise((resolve) => setTimeout(resolve, 1500)));
    weigh('waits', '${written}');
    test('computes', () => { execFileSync(process.execPath, ['-e', '${busy}']); });
    weigh('computes', '${written}');`;
    writeFileSync(join(folder, 'entry.mjs'), entry);
    execFileSync(process.execPath, [join(folder, 'entry.mjs')], { env: { PATH: process.env['PATH'] } });
    const rows = readFileSync(written, 'utf8').trim().split('\n');
    const { computes = 0, waits: waited = 9 } = Object.fromEntries(
      rows.map((row) => JSON.parse(row) as [string, number]),
    ) as Record<string, number>;
    assert.ok(waited < 1, `${waited} s`);
    assert.ok(computes >= 0.25, `${computes} s`);
  },
);

test('every file in the list of durations exists', () => {
  const durations = JSON.parse(readFileSync('scripts/test-durations.json', 'utf8')) as Record<string, Weight>;
  assert.deepEqual(
    Object.keys(durations).filter((file) => !existsSync(file)),
    [],
  );
});
