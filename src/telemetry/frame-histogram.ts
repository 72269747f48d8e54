import type { MetricObject } from './metric-object.js';

/**
 * A Prometheus histogram for what is observed on every frame. One of prom-client's looks its labels up and checks them
 * each time, which costs more than all else that happens to a frame.
 */
export class FrameHistogram {
  private readonly name: string;
  private readonly help: string;
  private readonly bounds: readonly number[];
  private readonly allSeries: FrameSeries[] = [];

  /** `bounds`: ascending. */
  constructor(options: { name: string; help: string; bounds: readonly number[] }) {
    this.name = options.name;
    this.help = options.help;
    this.bounds = options.bounds;
  }

  /** A series of its own; to be asked for once and kept. The value must need no escaping. */
  series(label: string, value: string): FrameSeries {
    const series = new FrameSeries(label, value, this.bounds);
    this.allSeries.push(series);
    return series;
  }

  /** Prometheus text. */
  text(): string {
    const head = `# HELP ${this.name} ${this.help}\n# TYPE ${this.name} histogram\n`;
    return head + this.allSeries.map((series) => series.text(this.name)).join('');
  }

  /** As prom-client gives its own for another process. */
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

export class FrameSeries {
  private readonly label: string;
  private readonly value: string;
  private readonly bounds: readonly number[];
  /** How many observations lie in each bucket alone; the last one has no bound. */
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
