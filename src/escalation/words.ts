/**
 * Words of any script as the patterns see them: folded, and each with a space on either side. So a boundary is a space
 * and `[^ ]+` is a word; `\b` and `\w` know no letter beyond ASCII.
 */
export const WORD = '[^ ]+';
/** The first word of a clause, and the last. */
export const START = '(?<=^ )';
export const END = '(?= $)';

/** Longer than anybody speaks in one breath; what counts of more is its end. */
const LONGEST = 2000;

/**
 * Lower case, without accents, apostrophes as spaces: recognisers write "quelqu'un" and "quelqu un", "möchte" and
 * "mochte". Devanagari keeps its vowel signs; nukta is dropped and candrabindu is anusvara, which are written either way.
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

/** `text` folded, nothing but words with one space between and around them; a space when there is no word. */
export function spaced(text: string): string {
  return ` ${fold(text.slice(-LONGEST))
    .replace(/[^\p{L}\p{M}\p{N}]+/gu, ' ')
    .trim()} `.replace(/^ +$/, ' ');
}

/** What was said between two marks of punctuation, each as `spaced`. */
export function sentencesOf(text: string): string[] {
  return text
    .slice(-LONGEST)
    .split(/[.,;:!?¿¡।…\n]+/)
    .map(spaced)
    .filter((sentence) => sentence !== ' ');
}

/**
 * One of these, whole words only. Each is the source of a regular expression, written as the language is spelled; `…`
 * stands for however a word goes on. A class written with a capital (`\S`) would not survive the folding.
 */
export function wordsPattern(sources: readonly string[]): RegExp {
  return new RegExp(`(?<= )(?:${fold(oneOf(...sources)).replaceAll('…', '[^ ]*')})(?= )`, 'u');
}

/** Source of up to `max` words, as few as will do, none of them one of `except`: a "no" before the machine is not about the human after it. */
export function upTo(max: number, except: string): string {
  return `(?: (?!${except} )${WORD}){0,${max}}?`;
}

/** The source of an expression that stands for any of these. */
export function oneOf(...sources: readonly string[]): string {
  return sources.length === 0 ? '(?!)' : `(?:${sources.join('|')})`;
}
