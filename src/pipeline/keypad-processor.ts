import type { Escalation } from '../escalation/escalation.js';
import type { Frame } from './frame.js';
import type { Link, Processor } from './processor.js';

/** What the processor needs of a collector of keys. */
export interface DtmfInput {
  /** Called with each number once it is complete. Set by the processor. */
  onNumber: (digits: string) => void;
  /** Returns an escalation if the key asks for a human. */
  press(key: string): Escalation | undefined;
  close(): void;
}

/** Collects the caller's keys into numbers for the model, and reports the key that asks for a human. */
export class KeypadProcessor implements Processor {
  readonly name = 'keypad';
  private readonly dtmf: DtmfInput;
  private readonly onEscalation: (escalation: Escalation) => void;

  constructor(options: { dtmf: DtmfInput; onEscalation: (escalation: Escalation) => void }) {
    this.dtmf = options.dtmf;
    this.onEscalation = options.onEscalation;
  }

  attach(link: Link): void {
    this.dtmf.onNumber = (digits) => link.emit({ type: 'keyed-digits', digits });
  }

  process(frame: Frame, link: Link): void {
    link.push(frame);
    if (frame.type !== 'input-dtmf') return;
    const escalation = this.dtmf.press(frame.digit);
    if (escalation !== undefined) this.onEscalation(escalation);
  }

  close(): void {
    this.dtmf.close();
  }
}
