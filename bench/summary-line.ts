import { quantile } from './support/quantile.js';

/** Returns one line of a report: the median and the worst of one figure of one kind of gateway. */
export function summaryLine(name: string, what: string, values: readonly number[]): string {
  const sorted = values.toSorted((a, b) => a - b);
  const [p50, worst] = [quantile(sorted, 0.5), sorted.at(-1) ?? Number.NaN].map((value) =>
    value.toFixed(1).padStart(8),
  );
  return `${name.padEnd(18)} ${what.padEnd(52)} ${p50} / ${worst}   n=${sorted.length}`;
}
