import { bytesOf, fieldsOf, numberOf } from './wire.js';

export type AttributeValue = string | number | boolean;
export type Attributes = Readonly<Record<string, AttributeValue>>;

/** A span as a receiver sees it. */
export interface ReceivedSpan {
  traceId: string;
  spanId: string;
  /** Empty for a root. */
  parentId: string;
  name: string;
  kind: 'unspecified' | 'internal' | 'server' | 'client' | 'producer' | 'consumer';
  /** Milliseconds since the epoch. */
  startMs: number;
  endMs: number;
  attributes: Attributes;
  status: 'unset' | 'ok' | 'error';
  links: readonly { traceId: string; spanId: string }[];
  resource: Attributes;
  scope: string;
}

const KINDS = ['unspecified', 'internal', 'server', 'client', 'producer', 'consumer'] as const;
const STATUSES = ['unset', 'ok', 'error'] as const;

/** Reads an ExportTraceServiceRequest in protobuf (opentelemetry-proto: trace/v1/trace.proto). @throws Error if it is none */
export function spansInProtobuf(request: Buffer): ReceivedSpan[] {
  return bytesOf(fieldsOf(request), 1).flatMap((resourceSpans) => {
    const fields = fieldsOf(resourceSpans);
    const resource = attributesIn(bytesOf(fields, 1).flatMap((each) => bytesOf(fieldsOf(each), 1)));
    return bytesOf(fields, 2).flatMap((scopeSpans) => {
      const inScope = fieldsOf(scopeSpans);
      const scope = text(bytesOf(inScope, 1).flatMap((each) => bytesOf(fieldsOf(each), 1)));
      return bytesOf(inScope, 2).map((span) => ({ ...spanIn(span), resource, scope }));
    });
  });
}

function spanIn(bytes: Buffer): Omit<ReceivedSpan, 'resource' | 'scope'> {
  const fields = fieldsOf(bytes);
  const status = bytesOf(fields, 15).at(-1);
  return {
    traceId: hex(bytesOf(fields, 1)),
    spanId: hex(bytesOf(fields, 2)),
    parentId: hex(bytesOf(fields, 4)),
    name: text(bytesOf(fields, 5)),
    kind: KINDS[Number(numberOf(fields, 6))] ?? 'unspecified',
    startMs: Number(numberOf(fields, 7)) / 1e6,
    endMs: Number(numberOf(fields, 8)) / 1e6,
    attributes: attributesIn(bytesOf(fields, 9)),
    status: STATUSES[status === undefined ? 0 : Number(numberOf(fieldsOf(status), 3))] ?? 'unset',
    links: bytesOf(fields, 13).map((link) => {
      const inLink = fieldsOf(link);
      return { traceId: hex(bytesOf(inLink, 1)), spanId: hex(bytesOf(inLink, 2)) };
    }),
  };
}

function attributesIn(pairs: readonly Buffer[]): Attributes {
  return Object.fromEntries(
    pairs.map((pair) => {
      const fields = fieldsOf(pair);
      return [text(bytesOf(fields, 1)), valueIn(bytesOf(fields, 2).at(-1) ?? Buffer.alloc(0))];
    }),
  );
}

function valueIn(value: Buffer): AttributeValue {
  const [field] = fieldsOf(value);
  if (field === undefined) return '';
  if (field.type === 'bytes') return field.value.toString();
  if (field.number === 2) return field.value === 1n;
  if (field.number !== 4) return Number(BigInt.asIntN(64, BigInt(field.value)));
  const double = Buffer.alloc(8);
  double.writeBigUInt64LE(BigInt(field.value));
  return double.readDoubleLE();
}

interface JsonPair {
  key: string;
  value: { stringValue?: string; boolValue?: boolean; intValue?: string | number; doubleValue?: number };
}
interface JsonSpan {
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  name: string;
  kind?: number;
  startTimeUnixNano: string;
  endTimeUnixNano: string;
  attributes?: JsonPair[];
  status?: { code?: number };
  links?: { traceId: string; spanId: string }[];
}
interface JsonRequest {
  resourceSpans?: {
    resource?: { attributes?: JsonPair[] };
    scopeSpans?: { scope?: { name?: string }; spans?: JsonSpan[] }[];
  }[];
}

/** Reads the same request in JSON (OTLP specification: JSON protobuf encoding, with ids in hexadecimal). */
export function spansInJson(request: Buffer): ReceivedSpan[] {
  const { resourceSpans = [] } = JSON.parse(request.toString()) as JsonRequest;
  return resourceSpans.flatMap(({ resource, scopeSpans = [] }) =>
    scopeSpans.flatMap(({ scope, spans = [] }) =>
      spans.map((span) => ({
        traceId: span.traceId,
        spanId: span.spanId,
        parentId: span.parentSpanId ?? '',
        name: span.name,
        kind: KINDS[span.kind ?? 0] ?? 'unspecified',
        startMs: Number(span.startTimeUnixNano) / 1e6,
        endMs: Number(span.endTimeUnixNano) / 1e6,
        attributes: jsonAttributes(span.attributes),
        status: STATUSES[span.status?.code ?? 0] ?? 'unset',
        links: (span.links ?? []).map(({ spanId, traceId }) => ({ traceId, spanId })),
        resource: jsonAttributes(resource?.attributes),
        scope: scope?.name ?? '',
      })),
    ),
  );
}

function jsonAttributes(pairs: readonly JsonPair[] = []): Attributes {
  return Object.fromEntries(
    pairs.map(({ key, value: { boolValue, doubleValue, intValue, stringValue } }) => [
      key,
      stringValue ?? boolValue ?? doubleValue ?? Number(intValue),
    ]),
  );
}

function hex([bytes]: readonly Buffer[]): string {
  return bytes?.toString('hex') ?? '';
}

function text([bytes]: readonly Buffer[]): string {
  return bytes?.toString() ?? '';
}
