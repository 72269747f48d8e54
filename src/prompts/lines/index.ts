import { de } from './de.js';
import { en } from './en.js';
import { es } from './es.js';
import { fr } from './fr.js';
import { hi } from './hi.js';
import { it } from './it.js';
import type { OwnLines } from './own-lines.js';
import { pt } from './pt.js';

/** By primary subtag of BCP 47. */
const OWN_LINES: Readonly<Record<string, OwnLines>> = { en, fr, de, it, es, pt, hi };

export const OWN_LANGUAGES: readonly string[] = Object.keys(OWN_LINES);

/** Returns the gateway's own lines in the language of a BCP 47 tag. `undefined` if it has none. */
export function ownLines(tag: string): OwnLines | undefined {
  const language = tag.toLowerCase().split('-')[0] ?? '';
  return Object.hasOwn(OWN_LINES, language) ? OWN_LINES[language] : undefined;
}
