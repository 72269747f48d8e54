import type { Clock } from '../base/clock.js';
import type { CallEvent, CallFactsAtStart, TraceFacts } from '../call/call-events.js';
import { PATHS } from '../call/paths.js';
import { ATTRIBUTE, SPAN, webhookSpan } from '../telemetry/span-names.js';
import { type SpanPlace, type SpanSender, type SpanValue, traceIdOf } from '../telemetry/span.js';
import { CallTrace } from './call-trace.js';

export interface CallTracesOptions {
  clock: Clock;
  sender: SpanSender;
  /** Turns a CallSid into the id of its trace. All instances have the same. */
  key: string;
  models: (provider: string) => Readonly<Record<string, SpanValue | undefined>>;
  onDropped: (spans: number) => void;
}

/** Maximum number of ended calls that are remembered, for what is reported after the end. The oldest is forgotten first. */
const MAX_ENDED = 1000;

/** Makes one trace of each call: of its webhooks, streams, sessions, turns and handovers. Listens, and nothing depends on it. */
export class CallTraces {
  private readonly options: CallTracesOptions;
  private readonly live = new Map<string, CallTrace>();
  /** Oldest first. */
  private readonly ended = new Map<string, CallTrace>();

  constructor(options: CallTracesOptions) {
    this.options = options;
  }

  /** Returns the id of the trace of a call that begins here. */
  idFor(callSid: string, startedAtMs: number): string {
    return traceIdOf(this.options.key, callSid, startedAtMs);
  }

  /** Whether the trace of a live call is sent, as far as is known by now. */
  isKept(callSid: string): boolean {
    return this.live.get(callSid)?.isKept ?? false;
  }

  onCallEvent(event: CallEvent): void {
    const { callSid, type } = event;
    // Of a call that had ended on another instance, the requests that come here are traced. The root has been sent there.
    const isFirst = type === 'started' || type === 'ended-elsewhere';
    if (isFirst && event.trace !== undefined) this.start({ ...event, trace: event.trace });
    this.find(callSid)?.onEvent(event);
    if (type === 'ended' || type === 'ended-elsewhere') this.end(callSid);
  }

  /** Notes that the gateway met a fault of its own in this call. */
  failed(callSid: string): void {
    this.find(callSid)?.keep();
  }

  /** Traces the answer to a webhook of a call. `link`: what the request belongs to in another system's trace. */
  async webhook<Answer>(
    { callSid, link, route }: { callSid: string; link: SpanPlace | undefined; route: string },
    answer: () => Promise<Answer | undefined>,
  ): Promise<Answer | undefined> {
    const { clock } = this.options;
    const sinceMs = clock.now();
    const receivedMs = clock.epochMs();
    const answered = await answer();
    const trace = this.find(callSid) ?? (route === PATHS.voice ? this.refused(callSid, receivedMs) : undefined);
    trace?.add({
      name: webhookSpan(route),
      kind: 'server',
      startMs: trace.now - (clock.now() - sinceMs),
      attributes: {
        [ATTRIBUTE.method]: 'POST',
        [ATTRIBUTE.route]: route,
        [ATTRIBUTE.status]: answered === undefined ? 204 : 200,
      },
      link,
    });
    return answered;
  }

  private find(callSid: string): CallTrace | undefined {
    return this.live.get(callSid) ?? this.ended.get(callSid);
  }

  private end(callSid: string): void {
    const trace = this.live.get(callSid);
    if (trace === undefined) return;
    this.live.delete(callSid);
    this.ended.set(callSid, trace);
    const [oldest] = this.ended.keys();
    if (oldest !== undefined && this.ended.size > MAX_ENDED) this.ended.delete(oldest);
  }

  /** Notes a stream that was refused, in the trace that its token names if this instance does not know the call. */
  streamRefused(callSid: string, streamSid: string, traceId: string | undefined): void {
    const trace = this.find(callSid) ?? (traceId === undefined ? undefined : this.unknown(callSid, traceId, 0));
    trace?.add({
      name: SPAN.stream,
      kind: 'internal',
      startMs: trace.now,
      attributes: { [ATTRIBUTE.streamSid]: streamSid, [ATTRIBUTE.streamEnd]: 'refused' },
      isError: true,
    });
  }

  /** A new call that was answered and not taken: the whole of its trace. */
  private refused(callSid: string, startedAtMs: number): CallTrace {
    const trace = this.unknown(callSid, this.idFor(callSid, startedAtMs), startedAtMs);
    trace.onEvent({ type: 'ended', callSid, outcome: 'refused_busy' });
    return trace;
  }

  /** Makes the trace of a call that this instance does not have. */
  private unknown(callSid: string, id: string, startedAtMs: number): CallTrace {
    const trace = { id, isKept: true, assistant: undefined, resumes: 0 };
    const facts = { conversationId: '', from: '', to: '', startedAtMs, provider: '', turns: 0 };
    const started = this.start({ callSid, ...facts, trace });
    this.end(callSid);
    return started;
  }

  private start(event: CallFactsAtStart & { trace: TraceFacts }): CallTrace {
    const { clock, models, onDropped, sender } = this.options;
    const started = new CallTrace({
      ...event,
      clock,
      models,
      onDropped,
      isSampled: sender.isSampled(event.trace.id),
      send: (span) => sender.send(span),
    });
    this.ended.delete(event.callSid);
    this.live.set(event.callSid, started);
    return started;
  }
}
