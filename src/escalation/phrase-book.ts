import type { Language } from './language.js';

/**
 * How callers ask for a human, complain and show anger in one language. Every string is the source of a regular expression
 * over words (`words.ts`). It is written with accents and matched without.
 */
export interface PhraseBook {
  language: Language;
  /** A human: "person", "agent", "someone". */
  person: string;
  /** The machine: "robot", "computer". */
  machine: string;
  /** Words that may surround a person if nothing else is said: "hello", "an", "please". */
  around: string;
  /** Words before the person: "I want to speak". */
  wish: string;
  /** Words that may stand between wish and person: "to", "another". Not "my", because that person is not an agent here. */
  between: string;
  /** Other ways to ask, with a person ("is there … here") or without ("put me through", "no robots"). */
  requests: readonly string[];
  /** The caller does not want a human, or speaks of another person. */
  refusals: readonly string[];
  /** Requests in which the negation is part of the request: "can't I speak to a person". */
  negatedRequests: readonly string[];
  /** Words that start another clause: "but". */
  breaks: string;
  /**
   * A recogniser writes no full stop if the caller makes no pause: "you don't understand me I want a person". The wish then
   * starts a clause of its own, unless the word before governs it: "I don't think I need an agent".
   */
  newWish: { starts: string; governs: string };
  /** The caller says that they were not understood. */
  notUnderstood: readonly string[];
  /** Insults, profanity, "this is ridiculous". */
  outbursts: readonly string[];
  /** Complaints about the service. Together with an outburst they show an angry caller. */
  complaints: readonly string[];
  /** Words of answers that callers rightly repeat: "yes", "thank you very much". */
  fillers: string;
}
