// Checks the imports between the project's own files, type-only and dynamic ones included:
//   - a file imports only from its own folder and from the folders that its row in LAYERS names
//   - a test (*.test.ts) may import more, see TESTS_MAY_IMPORT
//   - no two files import each other, directly or through others
//   - every file of src/ is reached by something that `npm run build` ships; what only tests use belongs in test/
//
//   node scripts/check-imports.mjs   prints what is wrong, exits 1 when something is
import { readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { sources } from './build.mjs';

/**
 * Who may import whom: `folder: the folders it may import from`. A folder under src/ is written without `src/`, and a name
 * means the files directly in that folder. A row may name only rows above it, so the table has no cycle. Folders that share
 * a row may import each other. A row can also be a single file, which is then no part of its folder's row; the files
 * directly in src/ have one each.
 */
export const LAYERS = `
  base:
  audio:
  telemetry: base
  process: base
  twilio/caller-identity.ts:

  speech: audio base
  escalation escalation/phrases: base
  prompts prompts/lines: base escalation
  crm: base telemetry
  handover handover/briefing-words: base process telemetry twilio/caller-identity.ts
  journal: base telemetry
  twilio: audio base telemetry

  voice: audio base telemetry
  voice/openai: audio base telemetry voice
  voice/openai-live: audio base telemetry voice voice/openai
  voice/nova: audio base process telemetry voice
  voice/local: audio base speech telemetry voice
  voice/continuity: audio base voice
  pipeline: audio escalation voice
  mcp: base telemetry voice

  call/media: audio base escalation pipeline telemetry twilio voice
  call: base call/media escalation handover prompts telemetry twilio voice
  call/recording: base call call/media prompts telemetry twilio voice
  call/secrets: audio base call call/media telemetry twilio/caller-identity.ts voice
  call/transfer: base call call/media crm escalation handover telemetry twilio twilio/caller-identity.ts voice
  call/snapshot: base call call/media call/transfer escalation handover journal twilio voice
  call/stream: base call call/media call/recording call/secrets call/snapshot call/transfer escalation telemetry twilio twilio/caller-identity.ts voice
  call/call-privacy.ts: call call/recording call/secrets call/snapshot prompts voice
  call/call-services.ts: call/call-privacy.ts call/stream call/transfer escalation journal prompts telemetry voice
  call/call-parts.ts: call call/call-privacy.ts call/call-services.ts call/snapshot call/stream call/transfer escalation telemetry voice
  call/call.ts: base call call/call-parts.ts call/call-privacy.ts call/call-services.ts call/snapshot call/stream call/transfer escalation journal prompts telemetry twilio
  call/registry.ts: base call call/call-services.ts call/call.ts call/recording call/stream call/transfer escalation journal twilio

  hooks: base call handover journal telemetry twilio/caller-identity.ts voice
  outbound/calling-hours.ts:
  outbound/countries.ts:
  trace: base call telemetry

  tape/format.ts:
  tape/compare.ts: tape/format.ts
  tape: audio base call call/secrets speech tape/format.ts telemetry voice voice/openai
  config config/variables: base call/transfer escalation handover journal outbound/calling-hours.ts outbound/countries.ts tape telemetry voice/openai
  app/peers.ts: telemetry twilio
  edge: app/peers.ts base call call/registry.ts config telemetry twilio
  outbound: base call edge handover journal outbound/calling-hours.ts outbound/countries.ts telemetry twilio twilio/caller-identity.ts voice
  console/address.ts:
  console: base call call/registry.ts edge escalation journal telemetry voice
  app: app/peers.ts base call call/call-services.ts call/call.ts call/media call/recording call/registry.ts call/secrets call/snapshot call/transfer config console crm edge escalation handover hooks journal mcp outbound pipeline prompts speech tape tape/format.ts telemetry trace twilio voice voice/continuity voice/local voice/nova voice/openai voice/openai-live
  doctor: app base call config crm handover hooks journal mcp process speech telemetry twilio voice/nova voice/openai voice/openai-live
  doctor/deployment: base config doctor handover process
  doctor/live: base call config crm doctor handover telemetry twilio voice/openai
  cluster: app app/peers.ts base config console handover journal process telemetry twilio

  doctor.ts: base config doctor doctor/deployment doctor/live process
  extension.ts: app audio base call/secrets hooks pipeline voice

  lambda/connect: base handover twilio/caller-identity.ts

  sim/model: audio base process speech
  sim/openai: audio base process sim/model
  sim/openai-live: audio base sim/model sim/openai
  sim/openai/main.ts: base process sim/model sim/openai sim/openai-live
  sim/nova: audio base process sim/model
  sim/hubspot: base process sim/model
  sim/hooks: base process sim/model
  sim/mcp: base process sim/model
  sim/otlp:
  sim/twilio: audio base
  sim/connect: base sim/twilio
  sim/connect-api:
  sim/aws: sim/nova
  sim/caller: audio base process sim/connect sim/twilio speech
  sim/desk: audio sim/connect sim/twilio
  sim/faults: app base call console handover journal voice
  sim/handset: audio base sim/caller sim/connect sim/desk sim/twilio speech
  sim: app audio base config process sim/caller sim/connect sim/twilio speech
  sim/replay: app app/peers.ts audio base call/secrets config crm escalation escalation/phrases handover journal process prompts speech tape tape/compare.ts tape/format.ts telemetry twilio/caller-identity.ts voice

  cluster.ts: app base cluster config console/address.ts process sim/faults sim/handset sim/replay telemetry
  main.ts: app base config console/address.ts process sim/faults sim/handset sim/replay telemetry

  test/contracts: handover journal
  test/support: app audio base call call/secrets cluster.ts config console crm doctor doctor.ts handover hooks journal main.ts sim/aws sim/caller sim/connect sim/connect-api sim/faults sim/handset sim/hooks sim/hubspot sim/mcp sim/model sim/nova sim/openai sim/openai-live sim/otlp sim/twilio speech telemetry test/contracts twilio voice voice/continuity voice/local voice/nova voice/openai voice/openai-live
  test/browser/support: app audio call config console escalation sim/handset speech tape/format.ts telemetry test/support
  bench/support:
  bench/profile:
  bench/side-by-side: app audio base bench/profile bench/support config sim/openai test/support twilio
  bench: app audio base bench/profile bench/side-by-side bench/support cluster.ts config console handover lambda/connect main.ts process sim/hubspot sim/model sim/nova sim/openai sim/twilio speech telemetry test/browser/support test/contracts test/support twilio voice voice/local
  chaos: app audio base bench bench/support call config handover process sim/caller sim/connect sim/hooks sim/hubspot sim/model sim/nova sim/openai sim/twilio speech telemetry test/support voice voice/nova voice/openai
  evals evals/cases: app base call/media config escalation process prompts prompts/lines test/support voice
  docs/build/examples:
`;

/** What a test may import beside its own folder and the folders below it; a name stands for all below it, too. */
const TESTS_MAY_IMPORT = ['src', 'sim', 'lambda', 'test/support', 'test/contracts'];
/** The whole-call tests directly in test/ also run chaos. */
const WHOLE_CALL_TESTS_MAY_IMPORT = [...TESTS_MAY_IMPORT, 'chaos'];

/** Folders whose files `npm run build` compiles; anything of src/ that these do not reach is dead weight in dist/. */
const SHIPPED = ['src', 'sim', 'lambda'];

const isTest = (file) => file.endsWith('.test.ts');
const isBelow = (file, folder) => file.startsWith(`${folder}/`);

/**
 * The project's files that `source` imports, as relative specifiers. Read line by line, which is enough because prettier
 * starts every import and export at the beginning of a line. `new URL('x.js', import.meta.url)` counts: a worker thread, a
 * child process or a module named in a setting is loaded that way.
 */
export function importsOf(source) {
  const code = source.replace(/^\s*(\/\/|\/?\*).*$/gm, '');
  const found = [
    ...code.matchAll(/^(?:import|export)\s(?:[\w$*{},\s]*?\sfrom\s+)?(['"])(?<to>.*?)\1/gm),
    ...code.matchAll(/\bimport\(\s*(['"`])(?<to>[^'"`]*)\1/g),
    ...code.matchAll(/\bnew URL\(\s*(['"`])(?<to>[^'"`]*\.js)\1,\s*import\.meta\.url/g),
  ];
  return [...new Set(found.map((match) => match.groups.to))];
}

/** The files that each file of `files` (path → source) imports; packages and files that are not in `files` are left out. */
export function graphOf(files) {
  const resolve = (from, to) => posix.join(posix.dirname(from), to).replace(/\.js$/, '.ts');
  return new Map(
    Object.entries(files).map(([file, source]) => [
      file,
      importsOf(source)
        .map((to) => resolve(file, to))
        .filter((to) => Object.hasOwn(files, to) && to !== file),
    ]),
  );
}

/** Every breach of the rules in `files` (path → source), one sentence each. */
export function breaches(files, layers = LAYERS) {
  const graph = graphOf(files);
  const table = readTable(layers);
  return [
    ...table.breaches,
    ...staleRows(table, graph),
    ...[...graph].flatMap(([file, imports]) =>
      isTest(file) ? testBreaches(file, imports) : layerBreaches(file, imports, table),
    ),
    ...cycles(graph).map(
      (cycle) =>
        `${cycle[0]}: imports itself through ${cycle.slice(1).join(' → ')}. Break the cycle: move what both sides need, often a type, to a file of its own.`,
    ),
    ...unshipped(graph),
  ];
}

/** Rows by name. `names` is whom a row may import from, `own` the folders that share it. */
function readTable(layers) {
  const rows = new Map();
  const found = [];
  for (const line of layers.split('\n').filter((line) => line.trim() !== '')) {
    const [own, names] = line.split(':').map((side) => side.split(' ').filter((name) => name !== ''));
    for (const name of names.filter((name) => !rows.has(name)))
      found.push(
        `scripts/check-imports.mjs: the row "${own[0]}" names "${name}", which has no row above it. Imports run one way: a row names only rows above it.`,
      );
    for (const name of own) {
      if (rows.has(name)) found.push(`scripts/check-imports.mjs: "${name}" has two rows. Remove one.`);
      rows.set(name, { own, names });
    }
  }
  return { rows, breaches: found };
}

/** The row that `file` belongs to: its own, or its folder's. */
function rowOf(file, { rows }) {
  const name = file.replace(/^src\//, '');
  return rows.has(name) ? name : posix.dirname(name);
}

function staleRows(table, graph) {
  const used = new Set([...graph.keys()].map((file) => rowOf(file, table)));
  return [...table.rows.keys()]
    .filter((name) => !used.has(name))
    .map((name) => `scripts/check-imports.mjs: no source file belongs to the row "${name}". Remove or rename it.`);
}

function layerBreaches(file, imports, table) {
  const name = rowOf(file, table);
  const row = table.rows.get(name);
  if (row === undefined) {
    const what = name === '.' ? `${file} stands directly in src/ and` : `the folder of ${file}`;
    return [
      `${file}: ${what} has no row in LAYERS. Add "${name === '.' ? posix.basename(file) : name}" to scripts/check-imports.mjs, with the folders it may import from.`,
    ];
  }
  return imports.flatMap((to) => {
    if (isTest(to)) return [`${file}: imports the test ${to}. Move what it needs to test/support.`];
    const target = rowOf(to, table);
    if (target === name || row.own.includes(target) || row.names.includes(target) || !table.rows.has(target)) return [];
    const allowed = row.names.length === 0 ? 'no other folder' : `only from ${row.names.join(', ')}`;
    return [
      `${file}: imports ${to}, but "${name}" may import ${allowed}. Move the code to the folder it belongs to, or let a folder that may import both pass the value in. Change LAYERS in scripts/check-imports.mjs only if the new direction is right.`,
    ];
  });
}

function testBreaches(file, imports) {
  const folder = posix.dirname(file);
  const allowed = folder === 'test' ? WHOLE_CALL_TESTS_MAY_IMPORT : TESTS_MAY_IMPORT;
  return imports.flatMap((to) => {
    if (isTest(to)) return [`${file}: imports the test ${to}. Move what both need to test/support.`];
    if ([folder, ...allowed].some((name) => isBelow(to, name))) return [];
    return [
      `${file}: imports ${to}, but this test may import only from its own folder, ${allowed.join(', ')}. Move the test beside what it tests, or what it needs to test/support.`,
    ];
  });
}

/** One cycle for each group of files that import each other, as the path from a file back to itself. */
function cycles(graph) {
  return groups(graph).map((group) => wayBack(group, graph));
}

/** The groups of more than one file in which each reaches every other (Tarjan's strongly connected components). */
function groups(graph) {
  const index = new Map();
  const low = new Map();
  const stack = [];
  const found = [];
  const visit = (file) => {
    index.set(file, index.size);
    low.set(file, index.get(file));
    stack.push(file);
    for (const to of graph.get(file)) {
      if (!index.has(to)) {
        visit(to);
        low.set(file, Math.min(low.get(file), low.get(to)));
      } else if (stack.includes(to)) low.set(file, Math.min(low.get(file), index.get(to)));
    }
    if (low.get(file) !== index.get(file)) return;
    const group = stack.splice(stack.indexOf(file));
    if (group.length > 1) found.push(group);
  };
  for (const file of graph.keys()) if (!index.has(file)) visit(file);
  return found;
}

/** A shortest path inside `group` from its first file back to that file. */
function wayBack(group, graph) {
  const start = group.reduce((first, file) => (file < first ? file : first));
  const cameFrom = new Map();
  const queue = [start];
  for (const file of queue) {
    for (const to of graph.get(file).filter((to) => group.includes(to))) {
      if (cameFrom.has(to)) continue;
      cameFrom.set(to, file);
      queue.push(to);
    }
  }
  const path = [start];
  do path.unshift(cameFrom.get(path[0]));
  while (path[0] !== start);
  return path;
}

/** Files of src/ that nothing shipped reaches. Starts: the files directly in src/, the Lambda and the simulators. */
function unshipped(graph) {
  const shipped = (file) => !isTest(file) && SHIPPED.some((folder) => isBelow(file, folder));
  const reached = [...graph.keys()].filter(
    (file) => shipped(file) && (!isBelow(file, 'src') || posix.dirname(file) === 'src'),
  );
  const seen = new Set(reached);
  for (const file of reached) {
    for (const to of graph.get(file)) {
      if (seen.has(to)) continue;
      seen.add(to);
      reached.push(to);
    }
  }
  return [...graph.keys()]
    .filter((file) => shipped(file) && !seen.has(file))
    .map(
      (file) =>
        `${file}: no shipped file imports it, yet "npm run build" compiles it into dist/. Move it to test/support or test/contracts if tests use it, else delete it.`,
    );
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const root = new URL('../', import.meta.url);
  const paths = sources(['src', 'lambda', 'sim', 'bench', 'chaos', 'evals', 'test', 'docs']);
  const files = Object.fromEntries(paths.map((path) => [path, readFileSync(new URL(path, root), 'utf8')]));
  const found = breaches(files);
  for (const breach of found) console.error(breach);
  if (found.length > 0) console.error(`${found.length} wrong ${found.length === 1 ? 'import' : 'imports'}`);
  process.exit(found.length === 0 ? 0 : 1);
}
