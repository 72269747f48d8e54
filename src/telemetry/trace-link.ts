import type { IncomingHttpHeaders } from 'node:http';
import type { SpanPlace } from './span.js';

const TRACEPARENT = /^[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}$/;
const ROOT = /(?:^|;)\s*Root=1-([0-9a-f]{8})-([0-9a-f]{24})(?:;|$)/i;
const PARENT = /(?:^|;)\s*Parent=([0-9a-f]{16})(?:;|$)/i;
const NOTHING = /^0+$/;

/**
 * Returns the span of another system that a request belongs to, by the first of `propagators` that finds one. A call has a trace
 * of its own, so it becomes a link and no parent.
 */
export function linkIn(headers: IncomingHttpHeaders, propagators: readonly string[]): SpanPlace | undefined {
  for (const propagator of propagators) {
    const link =
      propagator === 'tracecontext'
        ? ofTraceparent(headers['traceparent'])
        : propagator === 'xray' || propagator === 'xray-lambda'
          ? ofXRay(headers['x-amzn-trace-id'])
          : undefined;
    if (link !== undefined && !NOTHING.test(link.traceId) && !NOTHING.test(link.spanId)) return link;
  }
  return undefined;
}

function ofTraceparent(header: string | string[] | undefined): SpanPlace | undefined {
  const [, traceId, spanId] = TRACEPARENT.exec(String(header)) ?? [];
  return traceId === undefined || spanId === undefined ? undefined : { traceId, spanId };
}

/** An AWS load balancer sends no span of its own. The end of the trace's id then stands for one, because a link needs both. */
function ofXRay(header: string | string[] | undefined): SpanPlace | undefined {
  const text = String(header);
  const [, second, rest] = ROOT.exec(text) ?? [];
  if (second === undefined || rest === undefined) return undefined;
  const traceId = `${second}${rest}`.toLowerCase();
  return { traceId, spanId: PARENT.exec(text)?.[1]?.toLowerCase() ?? traceId.slice(-16) };
}
