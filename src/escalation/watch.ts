import { CallerMood } from './caller-mood.js';
import { type Escalation, escalationFromTool } from './escalation.js';
import { EscalationRules, type Listeners } from './rules.js';

/** The tool a model calls to hand the call to a human. */
export const TRANSFER_TOOL = 'transfer_to_human';

/** Listens to one call over all its streams, and decides when to hand it to a human. */
export class EscalationWatch {
  private readonly humanDigit: string;
  private readonly rules: EscalationRules;
  private listeners: Listeners;
  private readonly mood = new CallerMood();

  /**
   * `humanDigit` is the key that asks for a human; with an empty string no key does. `language` is the call's language
   * (BCP 47).
   */
  constructor(options: { humanDigit?: string; rules?: EscalationRules; language?: string } = {}) {
    this.humanDigit = options.humanDigit ?? '0';
    this.rules = options.rules ?? new EscalationRules();
    this.listeners = this.rules.listenersFor(options.language ?? 'en');
  }

  /** The call goes on in another language (BCP 47). */
  listenFor(language: string): void {
    this.listeners = this.rules.listenersFor(language);
  }

  /** Called with the final text of each of the caller's utterances. */
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
    // The local provider reports this if its language model fails. Switching the tool off does not switch off failures.
    return escalation.reason === 'assistant_failed' ? { trigger: 'failure', reason: 'assistant_failed' } : undefined;
  }

  /** Called when the caller has not answered any "are you still there". */
  callerSilent(): Escalation | undefined {
    return this.rules.isOn('silence') ? { trigger: 'silence', reason: 'caller_silent' } : undefined;
  }

  private ofWords(text: string): Escalation | undefined {
    if (this.rules.isOn('phrase') && this.listeners.asksForHuman(text)) {
      return { trigger: 'phrase', reason: 'requested_human' };
    }
    const mood = this.mood.hears(this.listeners.signsOf(text));
    if (mood === 'angry' && this.rules.isOn('anger')) return { trigger: 'anger', reason: 'angry_caller' };
    if (mood === 'not understood' && this.rules.isOn('misunderstanding')) {
      return { trigger: 'misunderstanding', reason: 'not_understood' };
    }
    return undefined;
  }
}
