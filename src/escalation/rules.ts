import { type HumanListener, NO_OWN_PHRASES, type OwnPhrases, humanListener } from './asks-for-human.js';
import { type SignReader, signReader } from './caller-mood.js';
import { type SwitchableTrigger, TRIGGERS } from './escalation.js';
import { languagesFor } from './language.js';

/** What reads the caller's utterances on one call. */
export interface Listeners {
  asksForHuman: HumanListener;
  signsOf: SignReader;
}

/** What makes the gateway hand a call to a human. The rules are the same on every call. */
export class EscalationRules {
  private readonly triggers: ReadonlySet<SwitchableTrigger>;
  private readonly phrases: OwnPhrases;
  /** What happens to a caller who stays silent. */
  private readonly silenceEndsWith: 'goodbye' | 'human';
  /** Compiled once for each set of languages. */
  private readonly listeners = new Map<string, Listeners>();

  constructor(
    options: {
      triggers?: readonly SwitchableTrigger[];
      phrases?: OwnPhrases;
      silenceEndsWith?: 'goodbye' | 'human';
    } = {},
  ) {
    this.triggers = new Set(options.triggers ?? TRIGGERS);
    this.phrases = options.phrases ?? NO_OWN_PHRASES;
    this.silenceEndsWith = options.silenceEndsWith ?? 'goodbye';
  }

  isOn(trigger: SwitchableTrigger): boolean {
    return this.triggers.has(trigger) && (trigger !== 'silence' || this.silenceEndsWith === 'human');
  }

  /** Returns the listeners for a call in `language` (BCP 47). */
  listenersFor(language: string): Listeners {
    const languages = languagesFor(language);
    const key = languages.join();
    const known = this.listeners.get(key);
    if (known !== undefined) return known;
    const listeners = { asksForHuman: humanListener(languages, this.phrases), signsOf: signReader(languages) };
    this.listeners.set(key, listeners);
    return listeners;
  }
}
