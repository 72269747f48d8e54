import type { Language } from './language.js';
import { PHRASE_BOOKS } from './phrases/index.js';
import { oneOf, spaced, wordsPattern } from './words.js';

/** So many of the caller's latest turns count. */
const MEMORY_TURNS = 6;
/** Shorter turns are answers ("at ten in the morning") and are rightly given again. */
const MIN_WORDS = 4;
/** Share of words two turns have in common when the caller says the same again: nearly word for word. */
const SAME_AGAIN = 0.8;

/** What one thing the caller said shows. */
export interface Signs {
  /** "You don't understand me", "that's not what I asked". */
  notUnderstood: boolean;
  /** An insult, profanity, "this is ridiculous". */
  outburst: boolean;
  /** "I want to make a complaint", "this is the third time". */
  complaint: boolean;
  /** What was said without "yes", "please" and the like, in order of the alphabet. */
  words: readonly string[];
}

export type SignReader = (said: string) => Signs;

export function signReader(languages: readonly Language[]): SignReader {
  const books = languages.map((language) => PHRASE_BOOKS[language]);
  const [notUnderstood, outburst, complaint, fillers] = [
    wordsPattern(books.flatMap((book) => book.notUnderstood)),
    wordsPattern(books.flatMap((book) => book.outbursts)),
    wordsPattern(books.flatMap((book) => book.complaints)),
    new RegExp(wordsPattern([oneOf(...books.map((book) => book.fillers))]), 'gu'),
  ];
  return (said) => {
    const text = spaced(said);
    return {
      notUnderstood: notUnderstood.test(text),
      outburst: outburst.test(text),
      complaint: complaint.test(text),
      words: text.replace(fillers, '').split(' ').filter(Boolean).toSorted(),
    };
  };
}

/**
 * Follows a caller over the turns of a call. Both rules want two signs in the latest six turns, the latest turn among
 * them: one is a bad moment, and a false alarm costs a human's time.
 *
 * - Not understood: the caller says so, or says nearly word for word what they said before. Twice.
 * - Angry: two turns with an outburst, or an outburst and a complaint.
 */
export class CallerMood {
  private turns: (Signs & { again: boolean })[] = [];

  hears(signs: Signs): 'angry' | 'not understood' | undefined {
    const again = this.turns.some((earlier) => isSameAgain(earlier.words, signs.words));
    this.turns = [...this.turns, { ...signs, again }].slice(-MEMORY_TURNS);
    if (this.isAngry(signs)) return 'angry';
    const isLost = signs.notUnderstood || again;
    return isLost && this.count((turn) => turn.notUnderstood || turn.again) >= 2 ? 'not understood' : undefined;
  }

  /** What led to a decision does not lead to the next one. */
  forget(): void {
    this.turns = [];
  }

  private isAngry({ complaint, outburst }: Signs): boolean {
    if (!outburst && !complaint) return false;
    const outbursts = this.count((turn) => turn.outburst);
    return outbursts >= 2 || (outbursts === 1 && this.count((turn) => turn.complaint) >= 1);
  }

  private count(isOne: (turn: Signs & { again: boolean }) => boolean): number {
    return this.turns.filter(isOne).length;
  }
}

/** Other digits are another order number: not the same again. */
function isSameAgain(earlier: readonly string[], latest: readonly string[]): boolean {
  if (earlier.length < MIN_WORDS || latest.length < MIN_WORDS) return false;
  const digits = (words: readonly string[]): string => words.filter((word) => /\p{N}/u.test(word)).join(' ');
  if (digits(earlier) !== digits(latest)) return false;
  const left = [...earlier];
  const common = latest.filter((word) => {
    const at = left.indexOf(word);
    if (at >= 0) left.splice(at, 1);
    return at >= 0;
  }).length;
  return (2 * common) / (earlier.length + latest.length) >= SAME_AGAIN;
}
