import type { Span } from '../telemetry/span.js';
import { SPAN } from '../telemetry/span-names.js';

/** Maximum number of spans of a call that are held until it is known whether its trace is sent. */
const MAX_HELD = 200;

/** Spans that tell how a call went. If a call has too many spans, others go first. */
const TELLING: ReadonlySet<string> = new Set([SPAN.call, SPAN.stream, SPAN.handover, SPAN.record, SPAN.dial, SPAN.crm]);

/**
 * The spans of one call that is not sampled. They are held until the call ends well, and are then forgotten. As soon as
 * something has failed, the held ones are sent, and all later ones at once.
 */
export class HeldSpans {
  private readonly send: (span: Span) => void;
  private readonly onDropped: (spans: number) => void;
  private held: Span[] = [];
  private overflow = 0;
  private decision: 'kept' | 'open' | 'forgotten';

  constructor(options: { isKept: boolean; send: (span: Span) => void; onDropped: (spans: number) => void }) {
    this.send = options.send;
    this.onDropped = options.onDropped;
    this.decision = options.isKept ? 'kept' : 'open';
  }

  get isKept(): boolean {
    return this.decision === 'kept';
  }

  add(span: Span): void {
    if (this.decision === 'kept') this.send(span);
    if (this.decision !== 'open') return;
    this.held.push(span);
    if (this.held.length <= MAX_HELD) return;
    const at = this.held.findIndex(({ isError, name }) => isError !== true && !TELLING.has(name));
    this.held.splice(Math.max(0, at), 1);
    this.overflow++;
  }

  /** Has no effect after the call is over, because its other spans are forgotten. */
  keep(): void {
    if (this.decision !== 'open') return;
    this.decision = 'kept';
    for (const span of this.held) this.send(span);
    this.held = [];
    if (this.overflow > 0) this.onDropped(this.overflow);
  }

  /** The call is over, and nothing has failed in it unless it is kept. */
  decide(): void {
    if (this.decision !== 'open') return;
    this.decision = 'forgotten';
    this.held = [];
  }
}
