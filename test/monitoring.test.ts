import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { emfLine } from '../src/telemetry/emf.js';

interface Queries {
  panels: () => { title: string; targets: { expr: string }[] }[];
  alerts: () => { alert: string; expr: string; labels: { severity: string }; annotations: Record<string, string> }[];
  filledIn: (query: string) => string;
  askedBy: (query: string) => { error?: string; selectors: { metric: string }[]; labels: string[] };
  seriesIn: (texts: string[]) => Map<string, Map<string, Set<string>>>;
  missingFrom: (series: Map<string, Map<string, Set<string>>>, query: string) => string[];
}

const script = pathToFileURL('scripts/monitoring/queries.mjs').href;
const { alerts, askedBy, filledIn, missingFrom, panels, seriesIn } = (await import(script)) as Queries;
const SERIES = seriesIn([
  'calls_total{outcome="bridged"} 0\ncalls_total{outcome="busy"} 3\nlatency_bucket{provider="nova",le="1"} 0\nup_for 1.5e3\n',
]);

test('a query is refused for a metric, a label or a value that the gateway does not have, and for bad grammar', () => {
  assert.deepEqual(
    missingFrom(SERIES, 'sum by (outcome) (increase(calls_total{job="x",outcome=~"bridged|busy"}[5m])) > 0'),
    [],
  );
  assert.deepEqual(
    missingFrom(SERIES, 'histogram_quantile(0.9, sum by (provider, le) (rate(latency_bucket[5m])))'),
    [],
  );
  assert.deepEqual(missingFrom(SERIES, 'up{job="x"} == 0'), []);
  assert.deepEqual(missingFrom(SERIES, 'rate(call_total[5m])'), ['there is no metric call_total']);
  assert.deepEqual(missingFrom(SERIES, 'calls_total{result="busy"}'), ['calls_total has no label result']);
  assert.deepEqual(missingFrom(SERIES, 'calls_total{outcome=~"busy|lost"}'), [
    'calls_total has no series with outcome="lost"',
  ]);
  assert.deepEqual(missingFrom(SERIES, 'calls_total{outcome!="lost"}'), []);
  assert.deepEqual(missingFrom(SERIES, 'sum by (reason) (calls_total)'), [
    'no metric of the query has the label reason',
  ]);
  assert.match(missingFrom(SERIES, 'sum(calls_total{')[0] ?? '', /does not fit the grammar/);
});

test('every query of the dashboard and the alerts fits the grammar of PromQL', () => {
  const queries = [
    ...alerts().map(({ expr }) => expr),
    ...panels().flatMap(({ targets }) => targets.map(({ expr }) => expr)),
  ];
  assert.ok(queries.length > 50);
  for (const query of queries) assert.equal(askedBy(filledIn(query)).error, undefined, query);
});

test("every alarm and panel of Terraform on the gateway's figures asks for a name that the gateway writes", () => {
  const figures = {
    run: '1',
    activeSessions: 0,
    callsEnded: 0,
    callsRefused: 0,
    handoversStarted: 0,
    handoversFailed: 0,
    connectionFailures: 0,
    turnBoundsMs: [1000],
    turns: [1, 0],
    turnsSumMs: 500,
    loopLagMs: 0,
    isJournalDown: false,
  };
  const written = JSON.parse(emfLine('Tandem/x', 0, [figures])) as Record<string, unknown>;
  const read = (file: string): string => readFileSync(`terraform/modules/observability/${file}.tf`, 'utf8');
  const asked = [
    ...read('main').matchAll(/namespace = var\.metrics\.namespace, metric = "(\w+)", dimensions = local\.gateway/g),
    ...read('dashboard').matchAll(/\[local\.own, "(\w+)", "Service", local\.by\]/g),
  ].map(([, name = '']) => name);
  assert.ok(asked.length > 10, asked.join());
  for (const name of asked) assert.ok(name in written, name);
  assert.equal(written['Service'], 'tandem');
});
