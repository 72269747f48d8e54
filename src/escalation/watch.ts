import { type Escalation, escalationFromTool } from './escalation.js';
import { asksForHuman } from './phrases.js';

/** The tool a model calls when it wants a human to take over. */
export const TRANSFER_TOOL = 'transfer_to_human';

/** Listens to one call and decides, once, that a human is needed. */
export class EscalationWatch {
  private readonly humanDigit: string;

  /** `humanDigit`: the key that asks for a human; empty: none does. */
  constructor(options: { humanDigit?: string } = {}) {
    this.humanDigit = options.humanDigit ?? '0';
  }

  /** What the caller said, as final text. */
  callerSaid(text: string): Escalation | undefined {
    return asksForHuman(text) ? { trigger: 'phrase', reason: 'requested_human' } : undefined;
  }

  callerPressed(digit: string): Escalation | undefined {
    return digit === this.humanDigit ? { trigger: 'keypad', reason: 'requested_human' } : undefined;
  }

  toolCalled(name: string, callArguments: unknown): Escalation | undefined {
    return name === TRANSFER_TOOL ? escalationFromTool(callArguments) : undefined;
  }
}
