import { AggregatorRegistry, type Registry } from 'prom-client';

/** A metric with its values, in the form in which prom-client sends it to another process. */
export type MetricObject = Awaited<ReturnType<Registry['getMetricsAsJSON']>>[number];

/** Combines the metrics of several processes into one Prometheus text, each by its own `aggregator`. */
export function addedUp(processes: readonly MetricObject[][]): Promise<string> {
  return AggregatorRegistry.aggregate([...processes]).metrics();
}
