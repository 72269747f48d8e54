import prom from 'prom-client';

// prom-client throws on a value that is no number, and on a negative count. A metric must never be what ends a call, so
// these classes drop such a value. Arguments are those of prom-client: the value, or labels and the value. It sets `inc`
// and `observe` in its constructors, so they are replaced there and not overridden.

type Write = (...given: unknown[]) => void;

/** A counter that ignores what cannot be counted: a negative value, NaN, infinity, or no number at all. */
export class Counter<Label extends string = string> extends prom.Counter<Label> {
  constructor(options: prom.CounterConfiguration<Label>) {
    super(options);
    const inc = this.inc.bind(this) as Write;
    this.inc = (...given: unknown[]): void => {
      const count = valueOf(given) ?? 1;
      if (Number.isFinite(count) && (count as number) >= 0) inc(...given);
    };
  }
}

/** A histogram that ignores NaN, infinity and what is no number. */
export class Histogram<Label extends string = string> extends prom.Histogram<Label> {
  constructor(options: prom.HistogramConfiguration<Label>) {
    super(options);
    const observe = this.observe.bind(this) as Write;
    this.observe = (...given: unknown[]): void => {
      if (Number.isFinite(valueOf(given))) observe(...given);
    };
  }
}

function valueOf([first, second]: readonly unknown[]): unknown {
  return typeof first === 'object' ? second : first;
}
