import type { CallEvent } from '../call/call-events.js';
import { ATTRIBUTE, SPAN } from '../telemetry/span-names.js';
import { drawSpanId } from '../telemetry/span.js';
import type { NewSpan } from './new-span.js';

type Happening<Type extends CallEvent['type']> = Omit<Extract<CallEvent, { type: Type }>, 'callSid' | 'type'>;

interface Handover {
  spanId: string;
  startMs: number;
  trigger: string | undefined;
  reason: string | undefined;
  id: string | undefined;
  /** How the last dial ended. */
  outcome: string | undefined;
  attempts: number;
  dial: { startMs: number } | undefined;
}

/** How a dial ends that has not failed. */
const FINE: ReadonlySet<string> = new Set(['bridged', 'caller_gone']);
/** Of a handover that ends without a dial. */
const NOT_DIALLED = 'not_dialled';
/** Of a dial whose end this process does not learn. */
const UNKNOWN = 'unknown';
const NO_RESULT: ReadonlySet<string> = new Set([NOT_DIALLED, UNKNOWN]);

/** Makes the spans of one call's way to an agent. */
export class HandoverSpans {
  private readonly now: () => number;
  private readonly add: (span: NewSpan) => void;
  /** Called when a handover has failed, so that the trace is kept. */
  private readonly onFailed: () => void;
  private open: Handover | undefined;
  /** By handover. What is written beside the call ends later than the handover, and than the call. */
  private readonly parents = new Map<string | undefined, string>();

  constructor(options: { now: () => number; add: (span: NewSpan) => void; onFailed: () => void }) {
    this.now = options.now;
    this.add = options.add;
    this.onFailed = options.onFailed;
  }

  begun({ reason, trigger }: { reason?: string; trigger?: string }): void {
    this.end(false);
    const spanId = drawSpanId();
    const dial = undefined;
    this.open = { spanId, startMs: this.now(), trigger, reason, id: undefined, outcome: undefined, attempts: 0, dial };
  }

  recorded({ handoverId, tookMs }: Happening<'handover-prepared'>): void {
    const { open } = this;
    if (open === undefined) return;
    open.id = handoverId ?? open.id;
    this.parents.set(handoverId, open.spanId);
    const isError = handoverId === undefined;
    if (isError) this.onFailed();
    this.add({
      name: SPAN.record,
      kind: 'client',
      parentId: open.spanId,
      startMs: this.now() - (tookMs ?? 0),
      attributes: { [ATTRIBUTE.handover]: handoverId },
      isError,
    });
  }

  /** Another instance may have begun the handover. */
  dialled({ handoverId }: Happening<'dialling'>): void {
    if (this.open === undefined) this.begun({});
    const { open } = this;
    if (open === undefined) return;
    open.id = handoverId ?? open.id;
    open.attempts++;
    open.dial = { startMs: this.now() };
  }

  dialEnded({ outcome }: Happening<'dial-ended'>): void {
    const { open } = this;
    if (open === undefined) return;
    this.endDial(open, outcome);
    if (FINE.has(outcome)) this.end(false);
    else this.onFailed();
  }

  written({ handoverId, outcome, tookMs }: Happening<'crm-ended'>): void {
    const isError = outcome !== 'complete';
    if (isError) this.onFailed();
    this.add({
      name: SPAN.crm,
      kind: 'client',
      parentId: this.parents.get(handoverId) ?? this.open?.spanId,
      startMs: this.now() - tookMs,
      attributes: { [ATTRIBUTE.handover]: handoverId, [ATTRIBUTE.handoverOutcome]: outcome },
      isError,
    });
  }

  /** The call is over, or the assistant has it again. `isFailed`: the caller wanted an agent and has reached none. */
  end(isFailed: boolean): void {
    const { open } = this;
    if (open === undefined) return;
    if (open.dial !== undefined) this.endDial(open, UNKNOWN);
    this.open = undefined;
    const { id, outcome = NOT_DIALLED, reason, spanId, startMs, trigger } = open;
    const isError = isFailed || !(FINE.has(outcome) || NO_RESULT.has(outcome));
    if (isError) this.onFailed();
    this.add({
      name: SPAN.handover,
      kind: 'internal',
      spanId,
      startMs,
      attributes: {
        [ATTRIBUTE.handover]: id,
        [ATTRIBUTE.trigger]: trigger,
        [ATTRIBUTE.reason]: reason,
        [ATTRIBUTE.handoverOutcome]: outcome,
      },
      isError,
    });
  }

  private endDial(open: Handover, outcome: string): void {
    const { attempts, dial, id, spanId } = open;
    open.outcome = outcome;
    open.dial = undefined;
    this.add({
      name: SPAN.dial,
      kind: 'client',
      parentId: spanId,
      startMs: dial?.startMs ?? this.now(),
      attributes: {
        [ATTRIBUTE.handover]: id,
        [ATTRIBUTE.attempt]: Math.max(1, attempts),
        [ATTRIBUTE.handoverOutcome]: outcome,
      },
      isError: !FINE.has(outcome) && outcome !== UNKNOWN,
    });
  }
}
