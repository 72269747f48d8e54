import type { Escalation } from '../escalation/escalation.js';
import type { Frame } from './frame.js';
import type { Link, Processor } from './processor.js';

/** What the processor needs of a keypad. */
export interface KeyInput {
  onNumber: (digits: string) => void;
  press(key: string): Escalation | undefined;
  close(): void;
}

/** Collects the caller's keys into numbers for the model; one of them asks for a human. */
export class KeypadProcessor implements Processor {
  readonly name = 'keypad';
  private readonly keypad: KeyInput;
  private readonly onEscalation: (escalation: Escalation) => void;

  constructor(options: { keypad: KeyInput; onEscalation: (escalation: Escalation) => void }) {
    this.keypad = options.keypad;
    this.onEscalation = options.onEscalation;
  }

  attach(link: Link): void {
    this.keypad.onNumber = (digits) => link.emit({ type: 'keyed-digits', digits });
  }

  process(frame: Frame, link: Link): void {
    link.push(frame);
    if (frame.type !== 'input-dtmf') return;
    const escalation = this.keypad.press(frame.digit);
    if (escalation !== undefined) this.onEscalation(escalation);
  }

  close(): void {
    this.keypad.close();
  }
}
