import { AggregatorRegistry, type Registry } from 'prom-client';

/** One metric with its values, in the form in which prom-client sends it to another process. */
export type MetricObject = Awaited<ReturnType<Registry['getMetricsAsJSON']>>[number];

/** The metrics of several processes as one Prometheus text, each added up as its `aggregator` says. */
export function addedUp(processes: readonly MetricObject[][]): Promise<string> {
  return AggregatorRegistry.aggregate([...processes]).metrics();
}
