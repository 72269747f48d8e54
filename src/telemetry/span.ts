import { createHash, createHmac, randomBytes } from 'node:crypto';

/** A finished piece of a trace. Its attributes hold ids, numbers and values of closed sets, and nothing that was said. */
export interface Span {
  traceId: string;
  spanId: string;
  /** `undefined` for the root. */
  parentId: string | undefined;
  name: string;
  kind: 'internal' | 'server' | 'client';
  /** Milliseconds since the epoch. */
  startMs: number;
  endMs: number;
  attributes: Readonly<Record<string, SpanValue | undefined>>;
  isError?: boolean;
  /** What this span belongs to in another system's trace. */
  link?: SpanPlace | undefined;
}

export type SpanValue = string | number | boolean;

/** A span in some trace. */
export interface SpanPlace {
  traceId: string;
  spanId: string;
}

/** Sends spans to their receiver, without a wait. */
export interface SpanSender {
  /** Whether this trace is sent whatever happens in it. The answer is the same in every process. */
  isSampled(traceId: string): boolean;
  send(span: Span): void;
  /** Sends what is left, within a few seconds. */
  close(): Promise<void>;
}

/**
 * Returns the id of a call's trace. It begins with the second in which the call began, because X-Ray refuses ids that do not.
 * The rest does not tell the CallSid to those who have no `key`.
 */
export function traceIdOf(key: string, callSid: string, startedAtMs: number): string {
  const second = Math.max(0, Math.floor(startedAtMs / 1000));
  const rest = createHmac('sha256', key).update(`trace ${callSid}`).digest('hex');
  return `${second.toString(16).padStart(8, '0').slice(-8)}${rest.slice(0, 24)}`;
}

/** Returns the id of a trace's root span, so that every process that has a part of the call knows the parent. */
export function rootIdOf(traceId: string): string {
  return createHash('sha256').update(`root ${traceId}`).digest('hex').slice(0, 16);
}

export function drawSpanId(): string {
  return randomBytes(8).toString('hex');
}
