import type { BriefingWords } from './briefing-words.js';
import { de } from './de.js';
import { en } from './en.js';
import { es } from './es.js';
import { fr } from './fr.js';
import { hi } from './hi.js';
import { it } from './it.js';
import { pt } from './pt.js';

/** By primary subtag of BCP 47. */
export const BRIEFING_WORDS: Readonly<Record<string, BriefingWords>> = { en, fr, de, it, es, pt, hi };

/** Returns the words in the language of a BCP 47 tag. `undefined` if the gateway has none. */
export function briefingWords(tag: string): BriefingWords | undefined {
  const language = tag.toLowerCase().split('-')[0] ?? '';
  return Object.hasOwn(BRIEFING_WORDS, language) ? BRIEFING_WORDS[language] : undefined;
}
