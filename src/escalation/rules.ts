import { type HumanListener, NO_OWN_PHRASES, type OwnPhrases, humanListener } from './asks-for-human.js';
import { type SignReader, signReader } from './caller-mood.js';
import { type SwitchableTrigger, TRIGGERS } from './escalation.js';
import { languagesFor } from './language.js';

/** What a call listens with. */
export interface Ear {
  asksForHuman: HumanListener;
  signsOf: SignReader;
}

/** What makes the gateway call a human; the same on every call. */
export class EscalationRules {
  private readonly triggers: ReadonlySet<SwitchableTrigger>;
  private readonly phrases: OwnPhrases;
  /** What a caller who stays silent gets. */
  private readonly silenceEndsWith: 'goodbye' | 'human';
  /** Compiled once for the languages of a call. */
  private readonly ears = new Map<string, Ear>();

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

  /** For a call in `language` (BCP 47). */
  earFor(language: string): Ear {
    const languages = languagesFor(language);
    const key = languages.join();
    const known = this.ears.get(key);
    if (known !== undefined) return known;
    const ear = { asksForHuman: humanListener(languages, this.phrases), signsOf: signReader(languages) };
    this.ears.set(key, ear);
    return ear;
  }
}
