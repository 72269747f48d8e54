import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { z } from 'zod';

interface Facts {
  files: Set<string>;
  commands: Set<string>;
  packages: Map<string, string>;
  variables: Set<string>;
  errors: Set<string>;
  constants: Set<string>;
  metrics: Map<string, { type: string; labels: string[] }>;
  documents: Map<string, string>;
  example: string;
  texts: Map<string, string>;
}
interface CheckDocs {
  readFacts: (root: string) => Facts;
  problemsIn: (file: string, text: string, facts: Facts) => string[];
  omissionsIn: (facts: Facts) => string[];
  pointersIn: (facts: Facts) => string[];
  anchorsOf: (text: string) => Set<string>;
  metricsIn: (source: string) => [string, { type: string; labels: string[] }][];
}
interface ConfigurationPage {
  configurationPage: (groups: Record<string, Record<string, object>>) => string;
}
interface SilenceBudget {
  silenceBudgetTables: (source: string) => string;
}

const load = async <T>(script: string): Promise<T> => (await import(pathToFileURL(`scripts/${script}`).href)) as T;
const { anchorsOf, metricsIn, omissionsIn, pointersIn, problemsIn, readFacts } =
  await load<CheckDocs>('check-docs.mjs');
const { configurationPage } = await load<ConfigurationPage>('configuration-page.mjs');
const { silenceBudgetTables } = await load<SilenceBudget>('silence-budget.mjs');

const METRICS_PAGE = 'docs/operate/metrics.md';
const facts: Facts = {
  files: new Set(['README.md', 'docs/guide.md', 'docs/call.svg', 'src/call/call.ts', 'scripts/build.mjs']),
  commands: new Set(['demo', 'sim:openai']),
  packages: new Map([['@scope/one', '1.2.3']]),
  variables: new Set(['PORT', 'OPENAI_API_KEY']),
  errors: new Set(['PORT_IN_USE']),
  constants: new Set(['MAX_TRIES']),
  metrics: new Map([['gateway_calls_total', { type: 'counter', labels: ['outcome'] }]]),
  documents: new Map([
    ['docs/guide.md', '# Guide\n\n## What it needs, and why\n'],
    [METRICS_PAGE, '| `gateway_calls_total` | counter | `outcome`: `ended`, `lost` | ended calls |'],
    ['README.md', '`PORT`, `PORT_IN_USE`'],
    ['docs/project/dependencies.md', '| `@scope/one` 1.2.3 | all |'],
  ]),
  example: '#OPENAI_API_KEY=',
  texts: new Map(),
};

const GOOD = [
  '[guide](docs/guide.md), [why](docs/guide.md#what-it-needs-and-why), [elsewhere](https://example.com/x)',
  '<img src="docs/call.svg">',
  '`npm run demo`, `npm run sim:openai -- --help`, `node scripts/build.mjs`',
  '`src/call/call.ts`, `src/call/`, `call.ts`, `src/call/<name>.ts`, `dist/src/main.js`',
  '`PORT`, `PORT=0`, `PORT_IN_USE`, `MAX_TRIES`, `NODE_ENV=test`, `HIGH`',
  '`gateway_calls_total{outcome}`, `gateway_calls_total{outcome="ended"}`',
  '```ts\nconst text = `${SOME_NAME}`; // [nothing](nowhere.md)\n```',
  '`[not a link](nowhere.md)`',
  '`terraform apply -var voice_provider=nova`',
];
const BAD: [text: string, message: RegExp][] = [
  ['text\n\n[gone](docs/gone.md)', /^README\.md:3: the link docs\/gone\.md leads nowhere$/],
  ['<img src="docs/gone.svg">', /docs\/gone\.svg leads nowhere/],
  ['[gone](docs/guide.md#gone)', /docs\/guide\.md has no heading #gone/],
  ['`npm run gone`', /no script gone/],
  ['```\nnpm run gone\n```', /^README\.md:2: .*no script gone/],
  ['`node scripts/gone.mjs`', /scripts\/gone\.mjs does not exist/],
  ['`src/call/gone.ts`', /src\/call\/gone\.ts does not exist/],
  ['`gone.ts`', /no file of the name gone\.ts/],
  ['`OPENAI_KEY`', /OPENAI_KEY is neither/],
  ['```\nOPENAI_KEY=sk npm start\n```', /^README\.md:2: OPENAI_KEY is neither/],
  ['`gateway_gone_total`', /no metric gateway_gone_total/],
  ['`gateway_calls_total{cause}`', /gateway_calls_total has no label cause/],
];

test('a page that names only what exists passes the check of the documents', () => {
  for (const text of GOOD) assert.deepEqual(problemsIn('README.md', text, facts), [], text);
});

test('each statement that the source does not bear out is reported with its line', () => {
  for (const [text, message] of BAD) {
    const problems = problemsIn('README.md', text, facts);
    assert.equal(problems.length, 1, `${text}: ${problems.join('; ')}`);
    assert.match(problems[0] as string, message);
  }
});

test('a setting, an error or a metric that no page names is reported', () => {
  assert.deepEqual(omissionsIn(facts), []);
  assert.deepEqual(omissionsIn({ ...facts, variables: new Set(['NEW_SETTING']) }), [
    'src/config/variables: no document names NEW_SETTING',
  ]);
  assert.deepEqual(omissionsIn({ ...facts, errors: new Set(['NEW_ERROR']) }), [
    'src/base/errors.ts: no document names NEW_ERROR',
  ]);
  const withMetric = (name: string, type: string, labels: string[]): string[] =>
    omissionsIn({ ...facts, metrics: new Map([[name, { type, labels }]]) });
  assert.deepEqual(withMetric('new_total', 'counter', []), [`${METRICS_PAGE}: has no row for the metric new_total`]);
  assert.deepEqual(withMetric('gateway_calls_total', 'gauge', ['outcome']), [
    `${METRICS_PAGE}:1: gateway_calls_total is a gauge`,
  ]);
  assert.deepEqual(withMetric('gateway_calls_total', 'counter', []), [
    `${METRICS_PAGE}:1: the labels of gateway_calls_total are: none`,
  ]);
});

test('a document or heading that source, an alarm or an alert points at and that does not exist is reported', () => {
  const ALARMS = 'terraform/modules/observability/main.tf';
  const RULES = 'monitoring/alerts.rules.yml';
  const alarms = 'locals {\n  others = {\n    cpu = {\n      says      = "x"\n    }\n  }\n}\n';
  const documents = new Map(facts.documents).set(
    'docs/OPERATIONS.md',
    '## Alerts\n\n### cpu\n\n### slow\n\n## Runbooks\n',
  );
  const problems = (texts: readonly (readonly [string, string])[]): string[] =>
    pointersIn({ ...facts, documents, texts: new Map(texts) });
  assert.deepEqual(
    problems([
      ['src/a.ts', "'See docs/guide.md#what-it-needs-and-why and docs/OPERATIONS.md#cpu.'"],
      [ALARMS, alarms],
      [RULES, 'runbook_url: docs/OPERATIONS.md#slow'],
    ]),
    [],
  );
  assert.deepEqual(
    problems([
      ['src/a.ts', '// See docs/gone.md.'],
      ['src/b.ts', '// See docs/guide.md#gone.'],
      [ALARMS, alarms.replace('cpu', 'memory')],
      [RULES, 'runbook_url: docs/OPERATIONS.md#late'],
    ]),
    [
      'src/a.ts: docs/gone.md does not exist',
      'src/b.ts: docs/guide.md has no heading #gone',
      `${RULES}: docs/OPERATIONS.md has no heading #late`,
      `${ALARMS}: docs/OPERATIONS.md has no heading #memory`,
      'docs/OPERATIONS.md: no alarm and no alert is called cpu',
      'docs/OPERATIONS.md: no alarm and no alert is called slow',
    ],
  );
});

test('a package that the page of dependencies lacks, or shows in another version, is reported', () => {
  const packages = new Map([['two', '2.0.0']]);
  assert.deepEqual(omissionsIn({ ...facts, packages }), [
    'docs/project/dependencies.md: shows 1.2.3 of @scope/one, package.json has no version',
    'docs/project/dependencies.md: shows no version of two, package.json has 2.0.0',
  ]);
});

test('anchors are made from headings as GitHub makes them', () => {
  const text = '# A *b* `C_d` (e)\n## [Link](x.md): über\n## Twice\n## Twice\n```\n# no heading\n```\n';
  assert.deepEqual([...anchorsOf(text)], ['a-b-c_d-e', 'link-über', 'twice', 'twice-1']);
});

test('the check of the documents finds the settings, errors and metrics of this repository', () => {
  const found = readFacts('.');
  assert.ok(found.variables.has('VOICE_PROVIDER') && found.variables.has('REDIS_URL'));
  assert.ok(found.errors.has('CONFIG_INVALID'));
  assert.deepEqual(found.metrics.get('gateway_escalations_total'), { type: 'counter', labels: ['trigger', 'reason'] });
  assert.deepEqual(found.metrics.get('gateway_frame_latency_seconds'), { type: 'histogram', labels: ['direction'] });
  assert.ok(found.metrics.has('gateway_workers') && found.metrics.has('invalid_tokens'));
  assert.match(found.texts.get('terraform/modules/observability/main.tf') ?? '', /docs\/OPERATIONS\.md#/);
});

test('a metric is read from its source with its type and labels', () => {
  const source = `new Gauge({ name: 'a_up', help: 'x' }); new Counter({ name: 'b_total', help: 'y', labelNames: ['k', 'l'] });`;
  assert.deepEqual(metricsIn(source), [
    ['a_up', { type: 'gauge', labels: [] }],
    ['b_total', { type: 'counter', labels: ['k', 'l'] }],
  ]);
});

test('the page of settings has a row for each, with what it accepts as the setting itself says it, and with links', () => {
  const page = configurationPage({
    'Nova (VOICE_PROVIDER=nova, see docs/models/nova.md)': {
      PORT: {
        about: 'Port. See src/prompts/README.md.',
        default: '8000',
        shown: '8000',
        secret: false,
        schema: z.string().regex(/^\d+$/, 'expected a | number'),
      },
      KEY: { about: 'Key.', default: undefined, shown: '', secret: true, schema: z.string().min(1) },
      HOST: { about: 'Host.', default: undefined, shown: 'x:PORT', secret: false, schema: z.enum(['a', 'b']) },
    },
  });
  const [, section] = page.split('\n## ');
  assert.equal(
    section,
    `Nova

With \`VOICE_PROVIDER=nova\`; guide: [nova.md](models/nova.md).

| variable | default | value | what it does |
|---|---|---|---|
| \`PORT\` | \`8000\` | a \\| number | Port. See [src/prompts/README.md](../src/prompts/README.md). |
| \`KEY\` |  | secret | Key. |
| \`HOST\` | as \`x:PORT\` | \`a\`, \`b\` | Host. |
`,
  );
});

test('the silence budget becomes one table for each group of its source', () => {
  const source = `export const SILENCE_BUDGET = {
  // First group.

  /** One. */
  oneMs: 15_000,
  /**
   * Two, in
   * two lines.
   */
  twoSeconds: 5,

  // Second group.

  /** Three. */
  threeMs: 300,
} as const;`;
  assert.equal(
    silenceBudgetTables(source),
    `**First group**

| wait | time | what it is |
|---|---|---|
| \`oneMs\` | 15 s | One. |
| \`twoSeconds\` | 5 s | Two, in two lines. |

**Second group**

| wait | time | what it is |
|---|---|---|
| \`threeMs\` | 0.3 s | Three. |`,
  );
  assert.throws(
    () => silenceBudgetTables('export const SILENCE_BUDGET = {\n  bareMs: 5,\n};'),
    /bareMs has no comment/,
  );
});
