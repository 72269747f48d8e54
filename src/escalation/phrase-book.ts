import type { Language } from './language.js';

/**
 * How people say it in one language. Every string is the source of a regular expression over words (`words.ts`): written
 * with accents, matched without.
 */
export interface PhraseBook {
  language: Language;
  /** Somebody who is not the machine. */
  person: string;
  /** The machine. */
  machine: string;
  /** May surround a person who is all that is said: "hello", "an", "please". */
  around: string;
  /** Comes before the person: "I want to speak". */
  wish: string;
  /** May stand between wish and person without changing it: "to", "another". Not "my": that person is not ours. */
  between: string;
  /** Other ways to ask, with a person ("is there … here") or without ("put me through", "no robots"). */
  requests: readonly string[];
  /** The caller does not want one, or speaks of one who is not meant. */
  refusals: readonly string[];
  /** Here the negation is the request: "can't I speak to a person". */
  negatedRequests: readonly string[];
  /** Words that begin another clause: "but". */
  breaks: string;
  /**
   * A recogniser writes no full stop where the caller made no pause: "you don't understand me I want a person". Such a
   * wish begins a clause of its own, unless the word before it governs it: "I don't think I need an agent".
   */
  newWish: { starts: string; governs: string };
  /** The caller says that they were not understood. */
  notUnderstood: readonly string[];
  /** Insults, profanity, "this is ridiculous". */
  outbursts: readonly string[];
  /** Complaints about how they are treated: with an outburst, a caller who is angry. */
  complaints: readonly string[];
  /** What an answer is made of that is rightly given again and again: "yes", "thank you very much". */
  fillers: string;
}
