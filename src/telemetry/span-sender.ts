import type * as Sdk from '@opentelemetry/sdk-trace-base';
import type { ReadableSpan, Sampler } from '@opentelemetry/sdk-trace-base';
import { LATE, within } from '../base/within.js';
import type { Logger } from './log.js';
import type { Span, SpanSender } from './span.js';
import { SCOPE } from './span-names.js';

export interface TraceSettings {
  /** Where spans are sent, with the path. */
  url: string;
  headers: Readonly<Record<string, string>>;
  timeoutMs: number;
  compression: 'gzip' | 'none';
  serviceName: string;
  resource: Readonly<Record<string, string>>;
  sampler: string;
  /** Share of the traces that are sent, for the samplers by ratio. */
  ratio: number;
  /** Which headers of a webhook become a link. */
  propagators: readonly string[];
  queue: { maxSpans: number; batchSpans: number; delayMs: number };
}

/** Maximum time for the last spans when the process stops. */
const LAST_SPANS_MS = 3000;

/**
 * Loads OpenTelemetry and returns a sender of spans over OTLP/HTTP as protobuf. Nothing else in the gateway loads it.
 * `onDropped` is told how many spans were lost because the queue was full or the receiver did not take them.
 */
export async function openSpanSender(
  settings: TraceSettings,
  {
    instance,
    log,
    onDropped,
    version,
  }: { instance: string; log: Logger; onDropped: (spans: number) => void; version: string },
): Promise<SpanSender> {
  const [api, sdk, { OTLPTraceExporter }] = await Promise.all([
    import('@opentelemetry/api'),
    import('@opentelemetry/sdk-trace-base'),
    import('@opentelemetry/exporter-trace-otlp-proto'),
  ]);
  const { url, headers, timeoutMs, compression, queue } = settings;
  const exporter = new OTLPTraceExporter({
    url,
    headers: { ...headers },
    timeoutMillis: timeoutMs,
    compression: compression as never,
  });
  let waiting = 0;
  let isFailing = false;
  const batches = new sdk.BatchSpanProcessor(
    {
      export: (spans, onResult) => {
        waiting -= spans.length;
        exporter.export(spans, ({ error }) => {
          const isLost = error !== undefined;
          if (isLost) onDropped(spans.length);
          if (isLost && !isFailing)
            log.warn({ err: error }, 'the receiver does not take the spans of traces; lost ones are only counted');
          isFailing = isLost;
          // The processor reports failures to OpenTelemetry's global handler, which is not set here.
          onResult({ code: 0 });
        });
      },
      shutdown: () => exporter.shutdown(),
    },
    {
      maxQueueSize: queue.maxSpans,
      maxExportBatchSize: queue.batchSpans,
      scheduledDelayMillis: queue.delayMs,
      exportTimeoutMillis: 2 * timeoutMs,
    },
  );
  const sampler = samplerOf(sdk, settings);
  const attributes = {
    ...settings.resource,
    'service.name': settings.serviceName,
    'service.version': version,
    'service.instance.id': instance,
    'telemetry.sdk.language': 'nodejs',
    'telemetry.sdk.name': 'opentelemetry',
  };
  const resource = { attributes, merge: () => resource, getRawAttributes: () => Object.entries(attributes) };
  const readable = (span: Span): ReadableSpan => {
    const context = { traceId: span.traceId, spanId: span.spanId, traceFlags: api.TraceFlags.SAMPLED };
    return {
      name: span.name,
      kind: { internal: api.SpanKind.INTERNAL, server: api.SpanKind.SERVER, client: api.SpanKind.CLIENT }[span.kind],
      spanContext: () => context,
      ...(span.parentId === undefined ? {} : { parentSpanContext: { ...context, spanId: span.parentId } }),
      startTime: timeOf(span.startMs),
      endTime: timeOf(span.endMs),
      duration: timeOf(span.endMs - span.startMs),
      status: { code: span.isError === true ? api.SpanStatusCode.ERROR : api.SpanStatusCode.UNSET },
      attributes: Object.fromEntries(Object.entries(span.attributes).filter(([, value]) => value !== undefined)),
      links:
        span.link === undefined
          ? []
          : [{ context: { ...span.link, traceFlags: api.TraceFlags.NONE, isRemote: true }, attributes: {} }],
      events: [],
      ended: true,
      resource,
      instrumentationScope: { name: SCOPE, version },
      droppedAttributesCount: 0,
      droppedEventsCount: 0,
      droppedLinksCount: 0,
    };
  };
  return {
    isSampled: (traceId) => {
      const { decision } = sampler.shouldSample(api.ROOT_CONTEXT, traceId, '', api.SpanKind.SERVER, {}, []);
      return decision === sdk.SamplingDecision.RECORD_AND_SAMPLED;
    },
    send: (span) => {
      if (waiting >= queue.maxSpans) {
        onDropped(1);
        return;
      }
      waiting++;
      batches.onEnd(readable(span));
    },
    close: async () => {
      const left = waiting;
      const isDone =
        (await within(
          LAST_SPANS_MS,
          batches.shutdown().catch(() => undefined),
        )) !== LATE;
      if (!isDone && left > 0) log.warn({ spans: left }, 'the last spans of traces may not have been sent');
    },
  };
}

/** Milliseconds since the epoch, as seconds and nanoseconds. */
function timeOf(ms: number): [seconds: number, nanoseconds: number] {
  const seconds = Math.floor(ms / 1000);
  return [seconds, Math.round((ms - seconds * 1000) * 1e6) % 1e9];
}

/** The call has no parent, so a sampler by its parent decides as its root does. */
function samplerOf(
  sdk: Pick<typeof Sdk, 'AlwaysOffSampler' | 'AlwaysOnSampler' | 'TraceIdRatioBasedSampler'>,
  { ratio, sampler }: TraceSettings,
): Sampler {
  switch (sampler.replace(/^parentbased_/, '')) {
    case 'always_off':
      return new sdk.AlwaysOffSampler();
    case 'traceidratio':
      return new sdk.TraceIdRatioBasedSampler(ratio);
    default:
      return new sdk.AlwaysOnSampler();
  }
}
