import type { Clock } from '../base/clock.js';
import type { CallEvent, TraceFacts } from '../call/call-events.js';
import { ATTRIBUTE, SPAN } from '../telemetry/span-names.js';
import { type Span, type SpanValue, drawSpanId, rootIdOf } from '../telemetry/span.js';
import { HandoverSpans } from './handover-spans.js';
import { HeldSpans } from './held-spans.js';
import type { NewSpan } from './new-span.js';
import { TurnSpans } from './turn-spans.js';

export interface CallTraceOptions {
  callSid: string;
  conversationId: string;
  startedAtMs: number;
  provider: string;
  turns: number;
  trace: TraceFacts;
  clock: Clock;
  /** Whether the trace is sent whatever happens in it. */
  isSampled: boolean;
  send: (span: Span) => void;
  onDropped: (spans: number) => void;
  /** Returns what is known of a provider: its name in the conventions, its model and its server. */
  models: (provider: string) => Readonly<Record<string, SpanValue | undefined>>;
}

/** Outcomes after which a trace is kept. */
const FAILED: ReadonlySet<string> = new Set(['no_human', 'abandoned', 'refused_busy']);

/** The trace of one call in this process. Other processes may have other parts of it; the one that ends the call sends the root. */
export class CallTrace {
  readonly traceId: string;
  private readonly options: CallTraceOptions;
  private readonly rootId: string;
  /** What to add to the clock for milliseconds since the epoch. */
  private readonly epochMs: number;
  private readonly spans: HeldSpans;
  private readonly turns: TurnSpans;
  private readonly handovers: HandoverSpans;
  private stream: { spanId: string; streamSid: string; startMs: number } | undefined;
  private resumes: number;
  /** Name of the assistant that talks. */
  private assistant: string | undefined;

  constructor(options: CallTraceOptions) {
    const { clock, isSampled, models, onDropped, provider, send, trace, turns } = options;
    this.options = options;
    this.traceId = trace.id;
    this.rootId = rootIdOf(trace.id);
    this.resumes = trace.resumes;
    this.assistant = trace.assistant;
    this.epochMs = clock.epochMs() - clock.now();
    this.spans = new HeldSpans({ isKept: isSampled || trace.isKept, send, onDropped });
    const now = (): number => this.now;
    const add = (span: NewSpan): void => this.add(span);
    this.turns = new TurnSpans({ now, provider, before: turns, models, add });
    this.handovers = new HandoverSpans({ now, add, onFailed: () => this.keep() });
  }

  /** Whether the trace is sent, as far as is known by now. */
  get isKept(): boolean {
    return this.spans.isKept;
  }

  /** Keeps the trace, because something has failed. */
  keep(): void {
    this.spans.keep();
  }

  /** Milliseconds since the epoch, more precise than the system tells them. */
  get now(): number {
    return this.epochMs + this.options.clock.now();
  }

  add({ spanId = drawSpanId(), parentId = this.rootId, endMs = this.now, ...span }: NewSpan): void {
    this.spans.add({ ...span, traceId: this.traceId, spanId, parentId, endMs: Math.max(span.startMs, endMs) });
  }

  onEvent(event: CallEvent): void {
    switch (event.type) {
      case 'stream-started':
        this.endStream('lost');
        this.stream = { spanId: drawSpanId(), streamSid: event.streamSid, startMs: this.now };
        return;
      case 'stream-ended':
        if (event.streamSid !== this.stream?.streamSid) return;
        this.turns.end();
        this.endStream(event.cause);
        return;
      case 'connected':
        this.connected(event);
        return;
      case 'assistant':
        this.changed(event);
        return;
      case 'caller-speech':
        this.turns.callerStopped();
        return;
      case 'answered':
        this.turns.answered(event);
        return;
      case 'model-speech':
        this.turns.spoken(event);
        return;
      case 'usage':
        this.turns.usage(event);
        return;
      case 'tool':
        this.turns.toolCalled(event);
        return;
      case 'tool-done':
        this.turns.toolDone(event.toolCallId, event.fault);
        return;
      case 'escalated':
        this.handovers.begun(event.escalation);
        return;
      case 'handover-prepared':
        this.handovers.recorded(event);
        return;
      case 'dialling':
        this.handovers.dialled(event);
        return;
      case 'dial-ended':
        this.handovers.dialEnded(event);
        return;
      case 'crm-ended':
        this.handovers.written(event);
        return;
      case 'resumed':
        this.resumes++;
        if (event.cause === 'dial_failed') this.handovers.end(true);
        return;
      case 'ended':
        this.end(event.outcome);
        return;
      default:
        return;
    }
  }

  private connected(event: Extract<CallEvent, { type: 'connected' }>): void {
    const { cause, error, provider, tookMs } = event;
    // Behind a failover there is a provider that has failed.
    if (error !== undefined || cause === 'failover') this.keep();
    if (error === undefined) this.turns.spokenBy(provider);
    this.add({
      name: SPAN.connect,
      kind: 'client',
      startMs: this.now - tookMs,
      attributes: { [ATTRIBUTE.connectCause]: cause, ...this.options.models(provider), [ATTRIBUTE.error]: error },
      isError: error !== undefined,
    });
  }

  /** The span lasts from the tool call until the other assistant talks. */
  private changed({ from, language, to, tookMs }: Extract<CallEvent, { type: 'assistant' }>): void {
    this.assistant = to;
    this.add({
      name: SPAN.assistant,
      kind: 'internal',
      startMs: this.now - tookMs,
      attributes: {
        [ATTRIBUTE.assistantBefore]: from,
        [ATTRIBUTE.assistant]: to,
        [ATTRIBUTE.language]: language,
      },
    });
  }

  private endStream(cause: string): void {
    const { stream } = this;
    if (stream === undefined) return;
    this.stream = undefined;
    const { spanId, startMs, streamSid } = stream;
    const attributes = { [ATTRIBUTE.streamSid]: streamSid, [ATTRIBUTE.streamEnd]: cause };
    this.add({ name: SPAN.stream, kind: 'internal', spanId, startMs, attributes, isError: cause === 'lost' });
  }

  /** Sends the root, unless another instance has the call now and will. */
  private end(outcome: string): void {
    this.turns.end();
    this.endStream('closed');
    if (outcome !== 'moved') this.handovers.end(FAILED.has(outcome));
    if (FAILED.has(outcome)) this.keep();
    if (outcome !== 'moved') {
      const { callSid, conversationId, startedAtMs, trace } = this.options;
      this.spans.add({
        traceId: this.traceId,
        spanId: this.rootId,
        parentId: undefined,
        name: SPAN.call,
        kind: 'server',
        startMs: startedAtMs,
        endMs: Math.max(startedAtMs, this.now),
        attributes: {
          [ATTRIBUTE.callSid]: callSid,
          [ATTRIBUTE.conversation]: conversationId === '' ? undefined : conversationId,
          [ATTRIBUTE.outcome]: outcome,
          [ATTRIBUTE.direction]: trace.direction ?? 'inbound',
          [ATTRIBUTE.assistant]: this.assistant,
          [ATTRIBUTE.resumes]: this.resumes,
        },
        isError: FAILED.has(outcome),
      });
    }
    this.spans.decide();
  }
}
