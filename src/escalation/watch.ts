import { CallerMood } from './caller-mood.js';
import { type Escalation, escalationFromTool } from './escalation.js';
import { type Ear, EscalationRules } from './rules.js';

/** The tool a model calls when it wants a human to take over. */
export const TRANSFER_TOOL = 'transfer_to_human';

/** Listens to one call, over all its streams, and decides that a human is needed. */
export class EscalationWatch {
  private readonly humanDigit: string;
  private readonly rules: EscalationRules;
  private readonly ear: Ear;
  private readonly mood = new CallerMood();

  /** `humanDigit`: the key that asks for a human; empty: none does. `language`: BCP 47, of the call. */
  constructor(options: { humanDigit?: string; rules?: EscalationRules; language?: string } = {}) {
    this.humanDigit = options.humanDigit ?? '0';
    this.rules = options.rules ?? new EscalationRules();
    this.ear = this.rules.earFor(options.language ?? 'en');
  }

  /** What the caller said, as final text. */
  callerSaid(text: string): Escalation | undefined {
    const escalation = this.ofWords(text);
    if (escalation !== undefined) this.mood.forget();
    return escalation;
  }

  callerPressed(digit: string): Escalation | undefined {
    if (!this.rules.isOn('keypad') || digit !== this.humanDigit) return undefined;
    return { trigger: 'keypad', reason: 'requested_human' };
  }

  toolCalled(name: string, callArguments: unknown): Escalation | undefined {
    if (name !== TRANSFER_TOOL) return undefined;
    const escalation = escalationFromTool(callArguments);
    if (this.rules.isOn('tool')) return escalation;
    // A provider of ours says so when its language model cannot go on; a failure is not switched off with the tool.
    return escalation.reason === 'assistant_failed' ? { trigger: 'failure', reason: 'assistant_failed' } : undefined;
  }

  /** The caller did not answer when asked whether they are there, however often. */
  callerSilent(): Escalation | undefined {
    return this.rules.isOn('silence') ? { trigger: 'silence', reason: 'caller_silent' } : undefined;
  }

  private ofWords(text: string): Escalation | undefined {
    if (this.rules.isOn('phrase') && this.ear.asksForHuman(text)) {
      return { trigger: 'phrase', reason: 'requested_human' };
    }
    const mood = this.mood.hears(this.ear.signsOf(text));
    if (mood === 'angry' && this.rules.isOn('anger')) return { trigger: 'anger', reason: 'angry_caller' };
    if (mood === 'not understood' && this.rules.isOn('misunderstanding')) {
      return { trigger: 'misunderstanding', reason: 'not_understood' };
    }
    return undefined;
  }
}
