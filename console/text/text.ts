import { type TextKey, en } from './en.js';

/** Returns a text in the language of the pages. */
export function text(key: TextKey): string {
  return en[key];
}
