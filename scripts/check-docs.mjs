// Holds the documents against the source: links, commands, paths, settings, errors and metrics that a page names must
// exist, and every setting, error and metric must be named in a page. Documents and headings that the source, Terraform's alarms and
// alert rules point at must exist, too. Part of `npm run check`.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { posix } from 'node:path';
import { fileURLToPath } from 'node:url';

const METRICS_PAGE = 'docs/operate/metrics.md';
const SETTINGS = 'src/config/variables';
const PACKAGES_PAGE = 'docs/project/dependencies.md';

/** Names in capitals that the documents use and the gateway's source does not define. */
const OUTSIDE_NAMES = new Set([
  // Variables of Node, of AWS's SDK, of the image's build, of a CI system and the deployments by it, of the evaluations, of the tests and of an example.
  'AWS_ACCESS_KEY_ID',
  'AWS_APPLY_ROLE_ARN',
  'AWS_BEARER_TOKEN_BEDROCK',
  'AWS_PROFILE',
  'AWS_PLAN_ROLE_ARN',
  'AWS_SECRET_ACCESS_KEY',
  'BASE',
  'BACKEND_HCL',
  'CHROMIUM',
  'CI',
  'DOCKER_BUILDKIT',
  'DYNAMODB_LOCAL',
  'ERR_MODULE_NOT_FOUND',
  'EVALS_JUDGE_API_KEY',
  'EVALS_JUDGE_BASE_URL',
  'EVALS_JUDGE_MODEL',
  'EVALS_MODEL',
  'FOREIGN_CLIENTS',
  'FUZZ_RUNS',
  'FUZZ_SEED',
  'HANDOVER_TOKEN_PEPPER_SECRET_ARN',
  'MASK_WORDS',
  'MCP',
  'NODE_ENV',
  'NODE_EXTRA_CA_CERTS',
  'OTEL_EXPORTER_OTLP_ENDPOINT',
  'PARROT_QUIET_MS',
  'SPEECH',
  'TF_DATA_DIR',
  // Values in the protocols of HubSpot and Nova.
  'CONTAINS_TOKEN',
  'END_TURN',
  'INVALID_AUTHENTICATION',
  'MISSING_SCOPES',
  'PARTIAL_TURN',
  'TEN_SECONDLY_ROLLING',
  'VALIDATION_ERROR',
]);

/**
 * What the source has.
 * @typedef {object} Facts
 * @property {Set<string>} files paths of all files, relative to the root
 * @property {Set<string>} commands scripts of package.json
 * @property {Map<string, string>} packages versions by name, of package.json
 * @property {Set<string>} variables settings of the gateway
 * @property {Set<string>} errors error codes
 * @property {Set<string>} constants names of constants in the source
 * @property {Map<string, { type: string, labels: string[] }>} metrics
 * @property {Map<string, string>} documents text by path
 * @property {string} example `.env.example`
 * @property {Map<string, string>} texts what else points at documents: source, Terraform, alert rules; by path
 */

/** @returns {Facts} */
export function readFacts(root) {
  const files = new Set(filesOf(root));
  const read = (file) => readFileSync(`${root}/${file}`, 'utf8');
  const pages = [...files].filter((file) => file.endsWith('.md') && !file.startsWith('vendor/'));
  const sources = [...files].filter((file) => /^(?:src|sim|lambda|chaos|bench)\/.*\.ts$/.test(file));
  const { dependencies, devDependencies, optionalDependencies, scripts } = JSON.parse(read('package.json'));
  return {
    files,
    commands: new Set(Object.keys(scripts)),
    packages: new Map(Object.entries({ ...dependencies, ...devDependencies, ...optionalDependencies })),
    variables: new Set(
      [...files]
        .filter((file) => file.startsWith(`${SETTINGS}/`))
        .flatMap((file) => [...namesIn(read(file), /^ {2}([A-Z][A-Z0-9_]*): (?:variable|secret)\(/gm)]),
    ),
    errors: namesIn(read('src/base/errors.ts'), /^ {2}([A-Z][A-Z0-9_]*): \{/gm),
    constants: new Set(sources.flatMap((file) => [...namesIn(read(file), /\bconst ([A-Z][A-Z0-9_]+)\b/g)])),
    metrics: new Map(
      ['src/telemetry/metrics.ts', 'src/cluster/cluster-metrics.ts', 'lambda/connect/report.ts'].flatMap((file) =>
        metricsIn(read(file)),
      ),
    ),
    documents: new Map(pages.map((file) => [file, read(file)])),
    texts: new Map([...files].filter((file) => POINTING.test(file)).map((file) => [file, read(file)])),
    example: read('.env.example'),
  };
}

/** Files whose comments, messages, descriptions and annotations name documents. */
const POINTING =
  /^(?:src|sim|lambda|evals)\/.*(?<!\.test)\.ts$|^terraform\/.*\.tf$|^(?:monitoring|deploy)\/.*\.(?:ya?ml|json)$/;

/** What Git knows or would add; in a copy without Git everything that is not installed or built. */
function filesOf(root) {
  const git = ['ls-files', '-z', '--cached', '--others', '--exclude-standard'];
  try {
    const list = execFileSync('git', git, { cwd: root, stdio: ['ignore', 'pipe', 'ignore'] }).toString();
    const files = list.split('\0').filter((file) => file !== '' && existsSync(`${root}/${file}`));
    if (files.length > 0) return files;
  } catch {
    // A copy without Git.
  }
  const top = readdirSync(root).filter((name) => !['.git', 'dist', 'node_modules'].includes(name));
  return top.flatMap((name) =>
    statSync(`${root}/${name}`).isFile()
      ? [name]
      : readdirSync(`${root}/${name}`, { recursive: true, encoding: 'utf8' }).map((file) => `${name}/${file}`),
  );
}

/** @returns {[string, { type: string, labels: string[] }][]} the metrics that a source file defines */
export function metricsIn(source) {
  const ofGateway = [...source.matchAll(/new (?:Frame)?(Counter|Gauge|Histogram)\(\{([^}]*)\}/g)].map(
    ([, type, options]) => [
      /name: '(\w+)'/.exec(options)[1],
      { type: type.toLowerCase(), labels: quoted(/labelNames: \[([^\]]*)\]/.exec(options)?.[1]) },
    ],
  );
  // The frame histogram gets its label with each series.
  for (const [, label] of source.matchAll(/this\.frameLatency\.series\('(\w+)'/g)) {
    ofGateway.find(([name]) => name === 'gateway_frame_latency_seconds')[1].labels = [label];
  }
  const ofLambda = [...source.matchAll(/writeMetric\('(\w+)', \{ ?(\w+)?/g)].map(([, name, label]) => [
    name,
    { type: 'counter', labels: label === undefined ? [] : [label] },
  ]);
  return [...ofGateway, ...ofLambda];
}

/** Every statement of a document that the source does not bear out, as `file:line: message`. */
export function problemsIn(file, text, facts) {
  const problems = [];
  for (const line of linesOf(text)) {
    const say = (message) => problems.push(`${file}:${line.number}: ${message}`);
    if (!line.isCode) checkLinks(file, line, facts, say);
    checkCommands(line, facts, say);
    checkPaths(file, line, facts, say);
    checkNames(line, facts, say);
    checkMetrics(line, facts, say);
  }
  return problems;
}

/** The page with the headings that alarms and alerts point at. */
const RUNBOOKS = 'docs/OPERATIONS.md';
/** Where the alarms of Terraform are. Its descriptions are made in loops over tables whose keys are the headings. */
const ALARMS = 'terraform/modules/observability/main.tf';
const ALERT_RULES = 'monitoring/alerts.rules.yml';

/** Documents and headings that source, Terraform or alert rules point at and that do not exist. */
export function pointersIn({ documents, texts }) {
  const problems = [];
  for (const [file, text] of texts) {
    for (const [, path, anchor] of text.matchAll(/\b((?:docs|terraform)\/[\w/.-]+\.md)(?:#([\w-]+))?/g)) {
      if (!documents.has(path)) problems.push(`${file}: ${path} does not exist`);
      else if (anchor !== undefined && !anchorsOf(documents.get(path)).has(anchor)) {
        problems.push(`${file}: ${path} has no heading #${anchor}`);
      }
    }
  }
  const headings = runbooksOf(documents.get(RUNBOOKS) ?? '');
  const alarms = alarmKeys(texts.get(ALARMS) ?? '');
  const rules = texts.get(ALERT_RULES);
  const named = new Set(
    [...texts].flatMap(([, text]) => [...text.matchAll(/OPERATIONS\.md#([\w-]+)/g)].map((match) => match[1])),
  );
  for (const key of alarms) if (!headings.has(key)) problems.push(`${ALARMS}: ${RUNBOOKS} has no heading #${key}`);
  // Until there are rules, nobody can say which headings are theirs.
  for (const heading of rules === undefined ? [] : headings) {
    if (!alarms.includes(heading) && !named.has(heading))
      problems.push(`${RUNBOOKS}: no alarm and no alert is called ${heading}`);
  }
  return problems;
}

/** The names of the alarms that Terraform makes in a loop. */
export function alarmKeys(source) {
  const tables = /^locals \{$([\s\S]*?)^\}$/m.exec(source)?.[1] ?? '';
  return [...tables.matchAll(/^ {4}([a-z0-9-]+) = \{\n {6}says /gm)].map(([, key]) => key);
}

/** The headings of the alerts: those of the third level under "Alerts". */
function runbooksOf(page) {
  const part = /^## Alerts$([\s\S]*?)^## /m.exec(page)?.[1] ?? '';
  return new Set([...part.matchAll(/^### (.+)$/gm)].map(([, heading]) => heading));
}

/** Settings and errors that no document names; metrics and packages that their page does not show as they are. */
export function omissionsIn({ documents, errors, example, metrics, packages, variables }) {
  const pages = [...documents].filter(([file]) => file === 'README.md' || file.startsWith('docs/'));
  const text = pages.map(([, page]) => page).join('\n');
  const unnamed = (names, where) => [...names].filter((name) => !new RegExp(`\\b${name}\\b`).test(where));
  const page = documents.get(METRICS_PAGE) ?? '';
  return [
    ...unnamed(variables, text + example).map((name) => `${SETTINGS}: no document names ${name}`),
    ...unnamed(errors, text).map((name) => `src/base/errors.ts: no document names ${name}`),
    ...[...metrics].flatMap(([name, metric]) => metricRowProblems(page, name, metric)),
    ...packageProblems(documents.get(PACKAGES_PAGE) ?? '', packages),
  ];
}

function packageProblems(page, packages) {
  const shown = new Map(
    [...page.matchAll(/`([\w@/-]+)` (\d+\.\d+\.\d+)/g)].map(([, name, version]) => [name, version]),
  );
  const names = new Set([...shown.keys(), ...packages.keys()]);
  return [...names]
    .filter((name) => shown.get(name) !== packages.get(name))
    .map((name) => {
      const [here, there] = [shown, packages].map((versions) => versions.get(name) ?? 'no version');
      return `${PACKAGES_PAGE}: shows ${here} of ${name}, package.json has ${there}`;
    });
}

function metricRowProblems(page, name, { type, labels }) {
  const rows = page.split('\n');
  const index = rows.findIndex((row) => row.startsWith(`| \`${name}\` |`));
  if (index < 0) return [`${METRICS_PAGE}: has no row for the metric ${name}`];
  const [, , shownType, shownLabels] = rows[index].split('|');
  const found = [...shownLabels.matchAll(/`(\w+)`:/g)].map(([, label]) => label);
  const place = `${METRICS_PAGE}:${index + 1}`;
  return [
    ...(shownType.trim() === type ? [] : [`${place}: ${name} is a ${type}`]),
    ...(found.join() === labels.join() ? [] : [`${place}: the labels of ${name} are: ${labels.join(', ') || 'none'}`]),
  ];
}

/** @returns {Generator<{ number: number, text: string, isCode: boolean, spans: string[] }>} */
function* linesOf(text) {
  let fence;
  for (const [index, line] of text.split('\n').entries()) {
    const mark = /^\s*(```+|~~~+)\s*(\w*)/.exec(line);
    if (mark !== null) {
      fence = fence === undefined ? mark[2] : undefined;
      continue;
    }
    const isCode = fence !== undefined;
    const spans = isCode ? [] : [...line.matchAll(/`([^`]+)`/g)].map(([, span]) => span);
    // Names in a program are the program's own.
    if (!isCode || fence === '' || fence === 'sh') yield { number: index + 1, text: line, isCode, spans };
  }
}

function checkLinks(file, { text }, { documents, files }, say) {
  const prose = text.replace(/`[^`]*`/g, '');
  for (const [, inMarkdown, inHtml] of prose.matchAll(/\]\(([^)\s]+)\)|\b(?:src|href)="([^"]+)"/g)) {
    const target = inMarkdown ?? inHtml;
    if (/^[a-z]+:/.test(target)) continue;
    const [path, anchor] = target.split('#');
    const full = path === '' ? file : posix.join(posix.dirname(file), path).replace(/\/$/, '');
    if (!exists(full, files)) say(`the link ${target} leads nowhere`);
    else if (anchor !== undefined && !anchorsOf(documents.get(full) ?? '').has(anchor)) {
      say(`${full} has no heading #${anchor}`);
    }
  }
}

/** The anchors of a page, made from its headings as GitHub makes them. */
export function anchorsOf(text) {
  const seen = new Map();
  const anchors = new Set();
  for (const line of linesOf(text)) {
    const heading = line.isCode ? null : /^#{1,6}\s+(.*)$/.exec(line.text);
    if (heading === null) continue;
    const words = heading[1].replace(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase();
    const slug = words.replace(/[^\p{L}\p{N}\s_-]/gu, '').replace(/\s/g, '-');
    const times = seen.get(slug) ?? 0;
    seen.set(slug, times + 1);
    anchors.add(times === 0 ? slug : `${slug}-${times}`);
  }
  return anchors;
}

function checkCommands({ text }, { commands, files }, say) {
  for (const [, name] of text.matchAll(/\bnpm run (?:--silent )?([a-z][\w:-]*)/g)) {
    if (!commands.has(name)) say(`package.json has no script ${name}`);
  }
  for (const [, script] of text.matchAll(/\bnode (scripts\/[\w./-]+)/g)) {
    if (!files.has(script)) say(`${script} does not exist`);
  }
}

const FROM_THE_ROOT = /^(?:src|sim|test|docs|lambda|terraform|bench|chaos|evals|scripts|connect|vendor)\/[\w./-]*$/;
const SOURCE_FILE = /^[\w./-]+(?<!\.d)\.(?:ts|mjs|tf)$/;

function checkPaths(file, { spans }, { files }, say) {
  for (const span of spans) {
    if (span.startsWith('dist/') || span.startsWith('.')) continue;
    if (FROM_THE_ROOT.test(span)) {
      const path = span.replace(/\/$/, '');
      if (!exists(path, files) && !exists(posix.join(posix.dirname(file), path), files)) say(`${span} does not exist`);
    } else if (SOURCE_FILE.test(span) && ![...files].some((known) => `/${known}`.endsWith(`/${span}`))) {
      say(`no file of the name ${span} exists`);
    }
  }
}

function checkNames({ isCode, spans, text }, { constants, errors, variables }, say) {
  const assigned = /(?:^|\s)([A-Z][A-Z0-9_]+)=/g;
  const places = isCode ? [text] : spans;
  const names = places.flatMap((place) => [...place.matchAll(assigned)].map(([, name]) => name));
  const alone = spans.filter((span) => /^[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+$/.test(span));
  const known = [variables, errors, constants, OUTSIDE_NAMES];
  for (const name of new Set([...names, ...alone])) {
    if (!known.some((set) => set.has(name))) say(`${name} is neither a setting, an error nor a constant of the source`);
  }
}

/** A name before `=` is a variable of Terraform. */
const METRIC =
  /\b((?:gateway|voice|dynamodb|journal)_[a-z_]+|(?:hubspot|twilio|connect)_[a-z_]+_(?:total|seconds))\b(?! ?=[^=])(?:\{([^}]*)\})?/g;

function checkMetrics({ isCode, spans, text }, { metrics }, say) {
  for (const place of isCode ? [text] : spans) {
    for (const [, name, labels = ''] of place.matchAll(METRIC)) {
      const metric = metrics.get(name) ?? metrics.get(name.replace(/_(?:bucket|count|sum)$/, ''));
      if (metric === undefined) say(`there is no metric ${name}`);
      for (const [, label] of labels.matchAll(/(?:^|,)\s*(\w+)/g)) {
        if (metric !== undefined && !metric.labels.includes(label)) say(`${name} has no label ${label}`);
      }
    }
  }
}

function exists(path, files) {
  return path === '.' || files.has(path) || [...files].some((file) => file.startsWith(`${path}/`));
}

function namesIn(source, pattern) {
  return new Set([...source.matchAll(pattern)].map(([, name]) => name));
}

function quoted(list = '') {
  return [...list.matchAll(/'(\w+)'/g)].map(([, name]) => name);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const facts = readFacts(fileURLToPath(new URL('..', import.meta.url)));
  const problems = [...facts.documents].flatMap(([file, text]) => problemsIn(file, text, facts));
  problems.push(...omissionsIn(facts), ...pointersIn(facts));
  for (const problem of problems) console.error(problem);
  if (problems.length === 0) console.log(`${facts.documents.size} documents say what the source has.`);
  process.exit(problems.length === 0 ? 0 : 1);
}
