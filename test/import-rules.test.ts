import assert from 'node:assert/strict';
import { test } from 'node:test';

const script = new URL('../../scripts/check-imports.mjs', import.meta.url).href;
const { LAYERS, breaches, importsOf } = (await import(script)) as {
  LAYERS: string;
  breaches: (files: Record<string, string>, layers?: string) => string[];
  importsOf: (source: string) => string[];
};

const TABLE = `
  base:
  twilio twilio/verbs: base
  call: base twilio
  main.ts: call
  sim: base
  test/support: base sim
  chaos: base test/support
`;
/** A tree that breaks no rule of TABLE. */
const TREE: Readonly<Record<string, string>> = {
  'src/main.ts': "import './call/call.js';",
  'src/call/call.ts': "import { stream } from '../twilio/stream.js';",
  'src/twilio/stream.ts': "import { now } from '../base/clock.js';\nimport { dial } from './verbs/dial.js';",
  'src/twilio/verbs/dial.ts': "import { now } from '../../base/clock.js';",
  'src/base/clock.ts': "import { setTimeout } from 'node:timers';",
  'src/base/clock.test.ts': "import { rig } from '../../test/support/rig.js';",
  'sim/carrier.ts': "import { now } from '../src/base/clock.js';",
  'test/support/rig.ts': "import { now } from '../../src/base/clock.js';",
  'test/calls.test.ts': "import { chaos } from '../chaos/run.js';",
  'chaos/run.ts': "import { rig } from '../test/support/rig.js';",
};

const UNSHIPPED = / no shipped file imports it/;

/** The breaches of the tree with `changes`. Unshipped files have tests of their own. */
function check(changes: Record<string, string>, table = TABLE): string[] {
  return breaches({ ...TREE, ...changes }, table).filter((found) => !UNSHIPPED.test(found));
}

function unshipped(changes: Record<string, string>): string[] {
  return breaches({ ...TREE, ...changes }, TABLE).filter((found) => UNSHIPPED.test(found));
}

/** The only breach of the tree with `changes`. */
function breach(changes: Record<string, string>, table = TABLE): string {
  const found = check(changes, table);
  assert.equal(found.length, 1, found.join('\n'));
  return found[0] ?? '';
}

test('a tree that keeps the import rules has no breach', () => {
  assert.deepEqual(breaches(TREE, TABLE), []);
});

test('the import rules read every form of import, and none in a comment', () => {
  const source = [
    "import './a.js';",
    "import b from './b.js';",
    "import * as c from './c.js';",
    'import {',
    '  one,',
    '  type Two,',
    "} from './d.js';",
    "import type { E } from './e.js';",
    "export { f } from './f.js';",
    "export * from './g.js';",
    "export type { H } from './h.js';",
    "const i = await import('./i.js');",
    "let j: import('./j.js').J;",
    "new Worker(new URL('./k.js', import.meta.url));",
    "// import './no.js';",
    '/**',
    " * import('./no.js')",
    ' */',
    "export const text = 'import';",
  ].join('\n');
  assert.deepEqual(
    importsOf(source),
    'abcdefghijk'.split('').map((name) => `./${name}.js`),
  );
});

test('an import that the row of its folder does not name is a breach that says what to do', () => {
  const found = breach({ 'src/twilio/stream.ts': "import { speech } from '../../sim/carrier.js';" });
  assert.match(found, /^src\/twilio\/stream\.ts: imports sim\/carrier\.ts, but "twilio" may import only from base\. /);
  assert.match(found, /Move the code to the folder it belongs to/);
});

test('a type-only import is held to the import rules', () => {
  const found = breach({ 'src/base/errors.ts': "import type { Call } from '../call/call.js';" });
  assert.match(found, /"base" may import no other folder/);
});

test('a dynamic import and the path of a worker are held to the import rules', () => {
  assert.match(
    breach({ 'src/base/late.ts': "await import('../call/call.js');" }),
    /^src\/base\/late\.ts: imports src\/call/,
  );
  assert.match(
    breach({ 'src/base/late.ts': "new Worker(new URL('../call/call.js', import.meta.url));" }),
    /^src\/base\/late\.ts: imports src\/call/,
  );
});

test('a row for a file takes that file out of the row of its folder', () => {
  const table = TABLE.replace('call: base twilio', 'call: base twilio\n  call/call.ts: call twilio').replace(
    'main.ts: call',
    'main.ts: call/call.ts',
  );
  assert.deepEqual(check({ 'src/call/state.ts': '', 'src/call/call.ts': "import './state.js';" }, table), []);
  assert.match(
    breach({ 'src/call/state.ts': "import './call.js';", 'src/call/call.ts': '', 'src/main.ts': '' }, table),
    /^src\/call\/state\.ts: imports src\/call\/call\.ts, but "call" may import only from base, twilio\./,
  );
});

test('a folder without a row is a breach', () => {
  const found = breach({ 'src/fax/fax.ts': '' });
  assert.match(found, /^src\/fax\/fax\.ts: the folder of src\/fax\/fax\.ts has no row in LAYERS\. Add "fax" /);
});

test('a new file directly in src is a breach, because each of them needs a row', () => {
  assert.match(breach({ 'src/other.ts': '' }), /stands directly in src\/ and has no row in LAYERS\. Add "other\.ts"/);
});

test('a row that no file belongs to is a breach', () => {
  assert.match(breach({}, TABLE + '\n  fax: base'), /no source file belongs to the row "fax"/);
});

test('a row that names a row below it is a breach, and so is a second row of the same name', () => {
  assert.match(breach({}, TABLE.replace('  base:', '  base: call')), /"base" names "call", which has no row above it/);
  assert.match(breach({}, TABLE + '\n  base:'), /"base" has two rows/);
});

test('only tests and the folders whose rows say so may import from test', () => {
  const found = breach({ 'src/twilio/stream.ts': "import { rig } from '../../test/support/rig.js';" });
  assert.match(found, /^src\/twilio\/stream\.ts: imports test\/support\/rig\.ts/);
  const namesTest = LAYERS.split('\n').filter((row) => (row.split(':')[1] ?? '').includes('test/'));
  assert.deepEqual(
    namesTest.map((row) => row.trim().split(':')[0]),
    ['test/support', 'test/browser/support', 'bench/side-by-side', 'bench', 'chaos', 'evals evals/cases'],
  );
});

test('a test beside its source may not import chaos, though whole-call tests may', () => {
  const found = breach({ 'src/base/clock.test.ts': "import { chaos } from '../../chaos/run.js';" });
  assert.match(
    found,
    /^src\/base\/clock\.test\.ts: imports chaos\/run\.ts, but this test may import only from its own/,
  );
});

test('importing a test is a breach, for a source file and for another test', () => {
  const changes = { 'src/base/other.test.ts': "import './clock.test.js';" };
  assert.match(breach(changes), /^src\/base\/other\.test\.ts: imports the test src\/base\/clock\.test\.ts/);
  assert.match(
    breach({ 'src/base/clock.ts': "import './clock.test.js';", 'src/base/clock.test.ts': '' }),
    /^src\/base\/clock\.ts: imports the test/,
  );
});

test('a cycle of type-only imports is a breach that names the files on the way', () => {
  const found = breach({
    'src/base/clock.ts': "import type { A } from './a.js';",
    'src/base/a.ts': "import type { B } from './b.js';",
    'src/base/b.ts': "import type { Clock } from './clock.js';",
  });
  assert.match(
    found,
    /^src\/base\/a\.ts: imports itself through src\/base\/b\.ts → src\/base\/clock\.ts → src\/base\/a\.ts/,
  );
});

test('two cycles that share no file are two breaches', () => {
  const found = check({
    'src/base/clock.ts': "import './a.js';\nimport './c.js';",
    'src/base/a.ts': "import './b.js';",
    'src/base/b.ts': "import './a.js';",
    'src/base/c.ts': "import './d.js';",
    'src/base/d.ts': "import './c.js';",
  });
  assert.equal(found.length, 2, found.join('\n'));
});

test('a file of src that only tests, chaos or benchmarks reach is a breach', () => {
  const changes = {
    'src/base/fake.ts': "import { part } from './part-of-fake.js';",
    'src/base/part-of-fake.ts': '',
    'src/base/clock.test.ts': "import { fake } from './fake.js';",
    'chaos/run.ts': "import { fake } from '../src/base/fake.js';",
  };
  assert.deepEqual(
    unshipped(changes).map((found) => found.split(',')[0]),
    ['src/base/fake.ts: no shipped file imports it', 'src/base/part-of-fake.ts: no shipped file imports it'],
  );
});

test('a file of src that only a simulator or a worker path reaches is shipped', () => {
  assert.deepEqual(unshipped({ 'src/base/used.ts': '', 'sim/carrier.ts': "import '../src/base/used.js';" }), []);
  const worker = "new Worker(new URL('./used.js', import.meta.url));";
  assert.deepEqual(unshipped({ 'src/base/used.ts': '', 'src/base/clock.ts': worker }), []);
});
