import type { TraceSettings } from '../telemetry/span-sender.js';
import { tracesUrl } from './rules.js';
import type { Values } from './variables.js';

/** Metrics for CloudWatch: the namespace, and the time between two reports. */
export interface EmfConfig {
  namespace: string;
  everyMs: number;
}

/** `undefined` if calls are not traced. */
export function tracesOf(values: Values): TraceSettings | undefined {
  const url = tracesUrl(values);
  if (url === undefined) return undefined;
  return {
    url,
    headers: { ...values.OTEL_EXPORTER_OTLP_HEADERS, ...values.OTEL_EXPORTER_OTLP_TRACES_HEADERS },
    timeoutMs: values.OTEL_EXPORTER_OTLP_TIMEOUT,
    compression: values.OTEL_EXPORTER_OTLP_COMPRESSION,
    serviceName: values.OTEL_SERVICE_NAME,
    resource: values.OTEL_RESOURCE_ATTRIBUTES ?? {},
    sampler: values.OTEL_TRACES_SAMPLER,
    ratio: values.OTEL_TRACES_SAMPLER_ARG,
    propagators: values.OTEL_PROPAGATORS,
    queue: {
      maxSpans: values.OTEL_BSP_MAX_QUEUE_SIZE,
      batchSpans: Math.min(values.OTEL_BSP_MAX_EXPORT_BATCH_SIZE, values.OTEL_BSP_MAX_QUEUE_SIZE),
      delayMs: values.OTEL_BSP_SCHEDULE_DELAY,
    },
  };
}

/** `undefined` if no metrics are written for CloudWatch. */
export function emfOf({
  METRICS_EMF_NAMESPACE: namespace,
  METRICS_EMF_SECONDS: seconds,
}: Values): EmfConfig | undefined {
  return namespace === undefined ? undefined : { namespace, everyMs: seconds * 1000 };
}
