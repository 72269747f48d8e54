/**
 * Languages in which `<Say>` has a default voice (Twilio: TwiML Voice, Say, "language"). The first entry of a language
 * is used for its other regions.
 */
const KNOWN: readonly string[] =
  'en-US en-GB en-AU en-CA en-IN fr-FR fr-CA de-DE it-IT es-ES es-MX pt-BR pt-PT hi-IN ca-ES da-DK fi-FI ja-JP ko-KR nb-NO nl-NL pl-PL ru-RU sv-SE zh-CN zh-HK zh-TW'.split(
    ' ',
  );

/**
 * Returns the language of Twilio that is nearest to a BCP 47 tag. `undefined` if there is none. The attribute must then
 * be left out, because Twilio says nothing at all in a language it does not know.
 */
export function sayLanguage(tag: string): string | undefined {
  const [language = '', ...subtags] = tag.split('-');
  const region = subtags.findLast((subtag) => /^[A-Za-z]{2}$/.test(subtag));
  const wanted = `${language.toLowerCase()}-${region?.toUpperCase() ?? ''}`;
  return (
    KNOWN.find((known) => known === wanted) ??
    KNOWN.find((known) => known.startsWith(wanted.slice(0, language.length + 1)))
  );
}
