// `npm run test:coverage`: runs the tests and says which lines of the TypeScript sources have run. Fails below the floors.
//
// Node collects the coverage itself (NODE_V8_COVERAGE), in every process and thread that a test starts. Its own report
// (--experimental-test-coverage) is not used: in Node 20 it knows no source maps, so it is about the built JavaScript.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { sources } from './build.mjs';
import { readScriptInput } from './command.mjs';
import { CoveredScripts, coveredLines } from './covered-lines.mjs';

/** The folders whose faults a caller hears, with the least share of lines that the tests must run, in percent. */
const FLOORS = {
  'src/call': 93,
  'src/handover': 94,
  'src/voice': 94,
  'src/twilio': 92,
};

const root = fileURLToPath(new URL('..', import.meta.url));
const { operands, values } = await readScriptInput({
  name: 'test:coverage',
  does: 'Runs the tests and says for each folder of src/ and lambda/ how many lines of TypeScript have run. A line counts if everything on it has run.',
  operands: {
    shown: '[argument]…',
    about: 'for scripts/test.mjs, for instance a part of a path; the floors hold for whole runs only',
  },
  options: {
    missing: { type: 'boolean', about: 'names the lines that have not run' },
    unit: { type: 'boolean', about: 'runs only the tests beside the source that need no other program' },
  },
  examples: ['', '--unit', '--missing twilio'],
  notes: `Floors: ${Object.entries(FLOORS)
    .map(([folder, floor]) => `${folder} ${floor} %`)
    .join(', ')}.\n\nExit code: 0 the tests passed and no folder is below its floor, 1 otherwise.`,
});

const folder = mkdtempSync(join(tmpdir(), 'tandem-coverage-'));
try {
  const env = { ...process.env, NODE_V8_COVERAGE: folder };
  const args = ['scripts/test.mjs', ...(values.unit ? ['--unit'] : []), ...operands];
  const run = spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit', env });
  const below = report(read(folder));
  const isWhole = operands.length === 0 && !values.unit;
  process.exitCode = run.status !== 0 || (isWhole && below.length > 0) ? 1 : 0;
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** Reads what each process has written when it ended. */
function read(directory) {
  const scripts = new CoveredScripts(new URL('../dist/', import.meta.url).href);
  for (const name of readdirSync(directory)) {
    // A process that was killed may have left half a file.
    if (name.startsWith('coverage-')) scripts.add(readFileSync(join(directory, name), 'utf8'));
  }
  return scripts;
}

/** Prints a row for each folder, and returns the folders that are below their floor. */
function report(scripts) {
  const files = sources(['src', 'lambda']).filter((file) => !file.endsWith('.test.ts'));
  const folders = new Map();
  for (const file of files) {
    const built = join(root, 'dist', file.replace(/\.ts$/, '.js'));
    if (!existsSync(built)) continue;
    const map = JSON.parse(readFileSync(`${built}.map`, 'utf8'));
    const lines = coveredLines(readFileSync(built, 'utf8'), map, scripts.of(file.replace(/\.ts$/, '.js')));
    const name = file.split('/').slice(0, 2).join('/').replace(/\.ts$/, '');
    const sum = folders.get(file.split('/').length > 2 ? name : 'src') ?? { all: 0, ran: 0 };
    folders.set(file.split('/').length > 2 ? name : 'src', sum);
    for (const ran of lines.values()) {
      sum.all += 1;
      if (ran) sum.ran += 1;
    }
    const missing = [...lines].filter(([, ran]) => !ran).map(([line]) => line);
    if (values.missing && missing.length > 0) console.log(`${file}: ${ranges(missing)}`);
  }
  const below = [];
  console.log('\nlines that ran, in percent:');
  for (const [name, { all, ran }] of [...folders].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    const percent = (100 * ran) / all;
    const floor = FLOORS[name];
    if (floor !== undefined && percent < floor) below.push(name);
    const note = floor === undefined ? '' : `  floor ${floor}${percent < floor ? ': BELOW' : ''}`;
    console.log(`  ${name.padEnd(20)} ${percent.toFixed(1).padStart(5)}  of ${String(all).padStart(5)}${note}`);
  }
  return below;
}

/** Returns `lines` as text, neighbours as a range. */
function ranges(lines) {
  const found = [];
  for (const line of lines.toSorted((a, b) => a - b)) {
    const last = found.at(-1);
    if (last !== undefined && last[1] === line - 1) last[1] = line;
    else found.push([line, line]);
  }
  return found.map(([from, to]) => (from === to ? `${from}` : `${from}-${to}`)).join(', ');
}
