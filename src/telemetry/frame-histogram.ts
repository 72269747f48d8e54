import type { MetricObject } from './metric-object.js';

/**
 * A Prometheus histogram for values that are observed on every frame. A histogram of prom-client looks up and checks
 * its labels each time, which costs more than everything else that happens to a frame.
 */
export class FrameHistogram {
  private readonly name: string;
  private readonly help: string;
  private readonly bounds: readonly number[];
  private readonly allSeries: FrameSeries[] = [];

  /** `bounds`: the upper bounds of the buckets, ascending. */
  constructor(options: { name: string; help: string; bounds: readonly number[] }) {
    this.name = options.name;
    this.help = options.help;
    this.bounds = options.bounds;
  }

  /** Adds a series with one label. Call it once and keep the result. The value must need no escaping. */
  series(label: string, value: string): FrameSeries {
    const series = new FrameSeries(label, value, this.bounds);
    this.allSeries.push(series);
    return series;
  }

  /** Returns the metric as Prometheus text. */
  text(): string {
    const head = `# HELP ${this.name} ${this.help}\n# TYPE ${this.name} histogram\n`;
    return head + this.allSeries.map((series) => series.text(this.name)).join('');
  }

  /** Returns the metric in the form in which prom-client sends its own to another process. */
  object(): MetricObject {
    const values = this.allSeries.flatMap((series) => series.values(this.name));
    return {
      name: this.name,
      help: this.help,
      type: 'histogram',
      aggregator: 'sum',
      values,
    } as unknown as MetricObject;
  }
}

/** The observations under one label value. */
export class FrameSeries {
  private readonly label: string;
  private readonly value: string;
  private readonly bounds: readonly number[];
  /** Number of observations in each bucket, not cumulative. The last bucket has no bound. */
  private readonly counts: number[];
  private sum = 0;

  constructor(label: string, value: string, bounds: readonly number[]) {
    this.label = label;
    this.value = value;
    this.bounds = bounds;
    this.counts = [...bounds.map(() => 0), 0];
  }

  observe(value: number): void {
    let bucket = 0;
    while (bucket < this.bounds.length && value > (this.bounds[bucket] as number)) bucket++;
    this.counts[bucket] = (this.counts[bucket] as number) + 1;
    this.sum += value;
  }

  text(name: string): string {
    const lines = this.values(name).map(({ labels, metricName, value }) => {
      const written = Object.entries(labels).map(([label, labelValue]) => `${label}="${labelValue}"`);
      return `${metricName}{${written.join(',')}} ${value}\n`;
    });
    return lines.join('');
  }

  values(name: string): SeriesValue[] {
    const own = { [this.label]: this.value };
    let count = 0;
    const buckets = [...this.bounds, '+Inf'].map((le, index) => {
      count += this.counts[index] as number;
      return { metricName: `${name}_bucket`, labels: { le, ...own }, value: count };
    });
    return [
      ...buckets,
      { metricName: `${name}_sum`, labels: own, value: this.sum },
      { metricName: `${name}_count`, labels: own, value: count },
    ];
  }
}

interface SeriesValue {
  metricName: string;
  labels: Record<string, string | number>;
  value: number;
}
