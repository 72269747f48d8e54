/**
 * Patterns match words of any script that are folded and have a space on either side. A boundary is therefore a space, and
 * `[^ ]+` is a word. `\b` and `\w` know only ASCII letters.
 */
export const WORD = '[^ ]+';
/** Anchors of a clause's first and last word. */
export const START = '(?<=^ )';
export const END = '(?= $)';

/** Maximum characters that count. A caller says less in one breath, and the end of a longer text counts. */
const LONGEST = 2000;

/**
 * Converts `text` to lower case without accents, with apostrophes as spaces, because recognisers write "quelqu'un" and
 * "quelqu un", "möchte" and "mochte". Devanagari keeps its vowel signs. Nukta is dropped and candrabindu becomes anusvara,
 * because both spellings occur.
 */
export function fold(text: string): string {
  return text
    .toLowerCase()
    .normalize('NFD')
    .replace(/[\u0300-\u036F\u093C]/g, '')
    .replaceAll('\u0901', '\u0902')
    .replaceAll('ß', 'ss')
    .replaceAll('œ', 'oe')
    .replace(/['’‘`´]/g, ' ');
}

/** Folds `text` and keeps only its words, with one space between and around them. Returns one space if there is no word. */
export function spaced(text: string): string {
  return ` ${fold(text.slice(-LONGEST))
    .replace(/[^\p{L}\p{M}\p{N}]+/gu, ' ')
    .trim()} `.replace(/^ +$/, ' ');
}

/** Splits `text` at punctuation. Each part has the form of {@link spaced}. */
export function sentencesOf(text: string): string[] {
  return text
    .slice(-LONGEST)
    .split(/[.,;:!?¿¡।…\n]+/)
    .map(spaced)
    .filter((sentence) => sentence !== ' ');
}

/**
 * Matches any of `sources`, as whole words. Each is the source of a regular expression in the spelling of its language;
 * `…` stands for any ending of a word. A class with a capital letter (`\S`) would not survive the folding.
 */
export function wordsPattern(sources: readonly string[]): RegExp {
  return new RegExp(`(?<= )(?:${fold(oneOf(...sources)).replaceAll('…', '[^ ]*')})(?= )`, 'u');
}

/**
 * The source of an expression for up to `max` words, as few as possible, none of them in `except`. So a "no" before the
 * machine does not refer to the human after it.
 */
export function upTo(max: number, except: string): string {
  return `(?: (?!${except} )${WORD}){0,${max}}?`;
}

/** The source of an expression that matches any of `sources`, or nothing if there are none. */
export function oneOf(...sources: readonly string[]): string {
  return sources.length === 0 ? '(?!)' : `(?:${sources.join('|')})`;
}
