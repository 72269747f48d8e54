import { PHRASE_BOOKS } from '../../src/escalation/phrases/index.js';
import { TOPICS } from '../../src/escalation/topics.js';
import { fold } from '../../src/escalation/words.js';

// The words of the lists that are part of this project: how callers ask for a human, complain, and name their topic. A scrubbed
// tape keeps them, because they decide what the gateway does.

/** Stands for what a pattern leaves open. */
const OPEN = '…';
/** Maximum number of ways in which one word of a pattern may be written. No list has as many. */
const MAX_WAYS = 20_000;
/** Minimum length of what is given of a word with an open end. */
const MIN_STEM = 4;

/** Whether a word is one of the public lists. */
export type IsPublic = (word: string) => boolean;

export function publicWords(): IsPublic {
  const sources = [
    ...Object.values(PHRASE_BOOKS).flatMap((book) => [
      ...Object.values(book).filter((part): part is string => typeof part === 'string'),
      ...Object.values(book).flatMap((part: unknown) => (Array.isArray(part) ? (part as string[]) : [])),
      book.newWish.starts,
      book.newWish.governs,
    ]),
    ...Object.values(TOPICS).flatMap((byLanguage) => Object.values(byLanguage).flat()),
  ];
  const words = new Set<string>();
  const stems: RegExp[] = [];
  for (const word of new Set(sources.flatMap(wordsOf))) {
    if (!word.includes(OPEN)) words.add(word);
    else if (word.replaceAll(OPEN, '').length >= MIN_STEM)
      stems.push(new RegExp(`^${word.replaceAll(OPEN, '[^ ]*')}$`, 'u'));
  }
  return (word) => {
    // What has no space in the text can be two words of a pattern, such as "don't".
    const parts = fold(word).split(/[^\p{L}\p{M}\p{N}]+/u);
    return parts.every((part) => part === '' || words.has(part) || stems.some((stem) => stem.test(part)));
  };
}

/** The words that a pattern can match, folded. */
function wordsOf(source: string): string[] {
  const reader = new PatternReader(fold(source));
  return [...reader.ways()]
    .flatMap((way) => way.split(/[^\p{L}\p{M}\p{N}…]+/u))
    .filter((word) => /[\p{L}\p{M}]/u.test(word));
}

/** Reads the part of regular expressions that the lists use, and writes out what they match. */
class PatternReader {
  private readonly source: string;
  private at = 0;

  constructor(source: string) {
    this.source = source;
  }

  /** All alternatives, up to the end or a closing parenthesis. */
  ways(): Set<string> {
    const all = new Set<string>();
    for (;;) {
      for (const way of this.sequence()) all.add(way);
      if (this.source[this.at] !== '|') return all;
      this.at++;
    }
  }

  /** One alternative. Its words are independent of each other, so only the parts of one word are combined. */
  private sequence(): Set<string> {
    const done = new Set<string>();
    let word = new Set(['']);
    while (this.at < this.source.length && !'|)'.includes(this.source[this.at] as string)) {
      if (this.source[this.at] === ' ') {
        this.at++;
        for (const way of word) done.add(way);
        // A space that may be missing joins two words.
        word = this.takes('?') ? word : new Set(['']);
        continue;
      }
      const next = this.repeated(this.atom());
      if (word.size * next.size > MAX_WAYS) {
        for (const way of word) done.add(way);
        word = next;
      } else word = new Set([...word].flatMap((a) => [...next].map((b) => a + b)));
    }
    for (const way of word) done.add(way);
    return done;
  }

  private atom(): Set<string> {
    const character = this.source[this.at++] as string;
    if (character === '(') return this.group();
    if (character === '[') return this.characters();
    if (character === '\\') return new Set([this.source[this.at++] ?? '']);
    if (character === '.') return new Set([OPEN]);
    return new Set(character === '^' || character === '$' ? [''] : [character]);
  }

  private group(): Set<string> {
    const [head = ''] = /^\?(?::|<?[=!])/.exec(this.source.slice(this.at)) ?? [];
    this.at += head.length;
    const ways = this.ways();
    this.at++;
    // What must stand around a word is no part of it.
    return head === '?:' || head === '' ? ways : new Set(['']);
  }

  private characters(): Set<string> {
    const end = this.source.indexOf(']', this.at);
    const inside = this.source.slice(this.at, end);
    this.at = end + 1;
    if (inside.startsWith('^') || inside.includes('-')) return new Set([OPEN]);
    return new Set(inside);
  }

  private repeated(ways: Set<string>): Set<string> {
    const [count = ''] = /^(?:[?*+]|\{[\d,]*\})\??/.exec(this.source.slice(this.at)) ?? [];
    this.at += count.length;
    return count === '' || count.startsWith('+') ? ways : new Set([...ways, '']);
  }

  private takes(character: string): boolean {
    if (this.source[this.at] !== character) return false;
    this.at++;
    return true;
  }
}
