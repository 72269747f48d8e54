import type { Language } from './language.js';
import { PHRASE_BOOKS } from './phrases/index.js';
import { oneOf, spaced, wordsPattern } from './words.js';

/** Number of the caller's latest turns that count. */
const MEMORY_TURNS = 6;
/** Minimum words for a repetition to count. Shorter turns are answers, which a caller may rightly repeat. */
const MIN_WORDS = 4;
/** Minimum share of common words for two turns to count as the same, nearly word for word. */
const SAME_AGAIN = 0.8;

/** The signs of trouble in one turn of the caller. */
export interface Signs {
  /** "You don't understand me", "that's not what I asked". */
  notUnderstood: boolean;
  /** An insult, profanity, "this is ridiculous". */
  outburst: boolean;
  /** "I want to make a complaint", "this is the third time". */
  complaint: boolean;
  /** The words of the turn in alphabetical order, without "yes", "please" and the like. */
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
 * Follows a caller's mood over the turns of a call. Both rules need two signs within the latest six turns, one of them in
 * the latest turn. A single sign may be a bad moment, and a false alarm costs an agent's time.
 *
 * - Not understood: the caller twice says so, or repeats an earlier turn nearly word for word.
 * - Angry: two turns have an outburst, or one has an outburst and one a complaint.
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

  /** Clears the turns after a decision, so that their signs do not lead to the next one. */
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

/** Whether two turns say the same. With other digits they do not, because the caller tries another order number. */
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
