import { Counter, Gauge, Registry } from 'prom-client';
import { type MetricObject, addedUp } from '../telemetry/metric-object.js';

/** Adds up the metrics of all workers, and adds those that only the primary knows. */
export class ClusterMetrics {
  private readonly registry = new Registry();
  private readonly registers = [this.registry];

  readonly workers = new Gauge({
    name: 'gateway_workers',
    help: 'Workers that take calls',
    registers: this.registers,
  });
  readonly deaths = new Counter({
    name: 'gateway_worker_deaths_total',
    help: 'Workers that ended without being told to',
    registers: this.registers,
  });
  readonly passed = new Counter({
    name: 'gateway_worker_passed_total',
    help: "Requests that reached another worker than the call's and were passed on, by kind",
    labelNames: ['kind'],
    registers: this.registers,
  });

  constructor() {
    for (const kind of ['webhook', 'stream']) this.passed.inc({ kind }, 0);
  }

  async text(workers: readonly MetricObject[][]): Promise<string> {
    return addedUp([...workers, await this.registry.getMetricsAsJSON()]);
  }
}
