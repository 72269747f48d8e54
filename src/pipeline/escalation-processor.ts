import type { Escalation } from '../escalation/escalation.js';
import type { EscalationWatch } from '../escalation/watch.js';
import type { Frame } from './frame.js';
import type { Link, Processor } from './processor.js';

/** Notices that a human is needed, from what the caller says. */
export class EscalationProcessor implements Processor {
  readonly name = 'escalation';
  private readonly watch: EscalationWatch;
  private readonly onEscalation: (escalation: Escalation) => void;

  constructor(options: { watch: EscalationWatch; onEscalation: (escalation: Escalation) => void }) {
    this.watch = options.watch;
    this.onEscalation = options.onEscalation;
  }

  process(frame: Frame, link: Link): void {
    // The transcript stands behind this processor: the turn is in the history before anybody acts on it.
    link.push(frame);
    if (frame.type !== 'caller-text' || !frame.final) return;
    const escalation = this.watch.callerSaid(frame.text);
    if (escalation !== undefined) this.onEscalation(escalation);
  }
}
