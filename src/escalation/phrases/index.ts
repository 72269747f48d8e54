import type { Language } from '../language.js';
import type { PhraseBook } from '../phrase-book.js';
import { de } from './de.js';
import { en } from './en.js';
import { es } from './es.js';
import { fr } from './fr.js';
import { hi } from './hi.js';
import { it } from './it.js';
import { pt } from './pt.js';

export const PHRASE_BOOKS: Readonly<Record<Language, PhraseBook>> = { en, fr, de, it, es, pt, hi };
