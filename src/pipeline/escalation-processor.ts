import type { Escalation } from '../escalation/escalation.js';
import type { EscalationWatch } from '../escalation/watch.js';
import type { Frame } from './frame.js';
import type { Link, Processor } from './processor.js';

/** Decides from the caller's words whether a human is needed. */
export class EscalationProcessor implements Processor {
  readonly name = 'escalation';
  private readonly escalationWatch: EscalationWatch;
  private readonly onEscalation: (escalation: Escalation) => void;

  constructor(options: { escalationWatch: EscalationWatch; onEscalation: (escalation: Escalation) => void }) {
    this.escalationWatch = options.escalationWatch;
    this.onEscalation = options.onEscalation;
  }

  process(frame: Frame, link: Link): void {
    // Passed on first: the transcript comes later in the row, and its turn must be in the history before the call acts.
    link.push(frame);
    if (frame.type !== 'caller-text' || !frame.final) return;
    const escalation = this.escalationWatch.callerSaid(frame.text);
    if (escalation !== undefined) this.onEscalation(escalation);
  }
}
