/** Languages the gateway listens for, as BCP 47 primary subtags. */
export const LANGUAGES = ['en', 'fr', 'de', 'it', 'es', 'pt', 'hi'] as const;
export type Language = (typeof LANGUAGES)[number];

/**
 * The languages to listen for on a call in `tag`: that language and English, because callers switch. All of them if the
 * language is not supported.
 */
export function languagesFor(tag: string): readonly Language[] {
  const own = LANGUAGES.find((language) => language === tag.toLowerCase().split(/[-_]/)[0]);
  if (own === undefined) return LANGUAGES;
  return own === 'en' ? [own] : [own, 'en'];
}
