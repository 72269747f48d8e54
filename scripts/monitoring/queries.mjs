// The queries of the dashboard and of the alerts, and what each asks for.
import { readFileSync } from 'node:fs';
import { parser } from '@prometheus-io/lezer-promql';
import { parse } from 'yaml';

const root = new URL('../../', import.meta.url);
const read = (name) => readFileSync(new URL(name, root), 'utf8');

export const DASHBOARD = 'monitoring/grafana/dashboards/tandem.json';
export const RULES = 'monitoring/alerts.rules.yml';

/** Panels of the dashboard that have queries. */
export function panels() {
  return JSON.parse(read(DASHBOARD)).panels.filter(({ targets }) => targets !== undefined);
}

/** The rules of all groups. */
export function alerts() {
  return parse(read(RULES)).groups.flatMap(({ rules }) => rules);
}

/** A query of Grafana with its variables filled in, as Grafana does. */
export function filledIn(query, { instance = '.*', rateInterval = '1m' } = {}) {
  return query.replaceAll('$__rate_interval', rateInterval).replaceAll('$instance', instance);
}

/**
 * What a query asks for: `error` where the grammar of PromQL does not fit, the selected metrics with their matchers, and the labels
 * that it groups or joins by.
 */
export function askedBy(query) {
  const selectors = [];
  const labels = [];
  let error;
  const text = (node) => query.slice(node.from, node.to);
  parser.parse(query).iterate({
    enter: ({ node, type }) => {
      if (type.isError)
        error ??= `does not fit the grammar at “${query.slice(Math.max(0, node.from - 10), node.to + 10)}”`;
      if (type.name === 'VectorSelector')
        selectors.push({ metric: text(node.getChild('Identifier') ?? node), matchers: [] });
      if (type.name === 'UnquotedLabelMatcher') {
        const [name, op, value] = ['LabelName', 'MatchOp', 'StringLiteral'].map((part) => text(node.getChild(part)));
        selectors.at(-1).matchers.push({ name, op, value: value.slice(1, -1) });
      }
      if (type.name === 'GroupingLabels') labels.push(...node.getChildren('LabelName').map(text));
    },
  });
  return { error, selectors, labels };
}

/** Labels that Prometheus adds to what it scrapes, and metrics that it makes itself. */
const OF_PROMETHEUS = new Set(['job', 'instance', 'le']);
const MADE_BY_PROMETHEUS = { up: [], ALERTS: ['alertstate', 'alertname'] };

/** The series in some texts of /metrics: metric → label → values. */
export function seriesIn(texts) {
  const series = new Map();
  for (const [, metric, labels = ''] of texts.join('\n').matchAll(/^(\w+)(?:\{(.*)\})? \S+$/gm)) {
    const known = series.get(metric) ?? new Map();
    series.set(metric, known);
    for (const [, label, value] of labels.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g))
      known.set(label, (known.get(label) ?? new Set()).add(value));
  }
  return series;
}

/** Everything that a query asks for and the gateway does not have, one sentence each. */
export function missingFrom(series, query) {
  const { error, labels, selectors } = askedBy(query);
  if (error !== undefined) return [error];
  const found = [];
  for (const { matchers, metric } of selectors) {
    const known = series.get(metric);
    const made = MADE_BY_PROMETHEUS[metric];
    if (known === undefined && made === undefined) found.push(`there is no metric ${metric}`);
    for (const { name, op, value } of known === undefined ? [] : matchers) {
      if (OF_PROMETHEUS.has(name)) continue;
      if (!known.has(name)) found.push(`${metric} has no label ${name}`);
      else if (!op.startsWith('!'))
        for (const each of op === '=' ? [value] : value.split('|'))
          if (!known.get(name).has(each)) found.push(`${metric} has no series with ${name}="${each}"`);
    }
  }
  const all = new Set(selectors.flatMap(({ metric }) => [...(series.get(metric)?.keys() ?? [])]));
  for (const label of labels)
    if (!OF_PROMETHEUS.has(label) && !all.has(label)) found.push(`no metric of the query has the label ${label}`);
  return found;
}
