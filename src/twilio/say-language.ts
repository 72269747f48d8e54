/**
 * Languages in which `<Say>` has a voice without one being named (Twilio: TwiML Voice, Say, "language"). The first of a
 * language stands for its other regions.
 */
const KNOWN: readonly string[] =
  'en-US en-GB en-AU en-CA en-IN fr-FR fr-CA de-DE it-IT es-ES es-MX pt-BR pt-PT hi-IN ca-ES da-DK fi-FI ja-JP ko-KR nb-NO nl-NL pl-PL ru-RU sv-SE zh-CN zh-HK zh-TW'.split(
    ' ',
  );

/**
 * The nearest language that Twilio speaks to a BCP 47 tag. Undefined: none; then the attribute is left out, because with
 * a language it does not know Twilio says nothing at all.
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
