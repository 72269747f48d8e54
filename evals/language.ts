/** Common short words of each language that are rare in the other languages. */
const WORDS: Readonly<Record<string, readonly string[]>> = {
  en: ['the', 'you', 'is', 'are', 'and', 'can', 'with', 'what', 'please', 'your', 'that', 'have', 'we', 'not', 'would'],
  fr: ['je', 'vous', 'les', 'est', 'et', 'pour', 'pas', 'avec', 'votre', 'puis', 'ne', 'des', 'une', 'nous', 'sur'],
  de: [
    'ich',
    'sie',
    'ist',
    'und',
    'nicht',
    'das',
    'ein',
    'kann',
    'bitte',
    'ihnen',
    'mit',
    'wir',
    'der',
    'einen',
    'gerne',
  ],
  it: ['il', 'che', 'non', 'è', 'per', 'sono', 'posso', 'lei', 'di', 'con', 'una', 'vuole', 'mi', 'grazie', 'della'],
  es: ['el', 'que', 'es', 'usted', 'puedo', 'con', 'una', 'le', 'los', 'y', 'su', 'quiere', 'lo', 'del', 'llamar'],
  pt: ['o', 'não', 'você', 'é', 'uma', 'no', 'com', 'um', 'do', 'da', 'em', 'até', 'mais', 'seu', 'pode'],
};

/** Returns the primary language subtag of a text. `undefined` if the text is too short to tell. */
export function languageOf(text: string): string | undefined {
  if (/\p{Script=Devanagari}/u.test(text)) return 'hi';
  const words = text.toLowerCase().match(/\p{L}+/gu) ?? [];
  const counts = Object.entries(WORDS).map(
    ([language, known]) => [language, words.filter((word) => known.includes(word)).length] as const,
  );
  const [first, second] = counts.toSorted((a, b) => b[1] - a[1]);
  if (first === undefined || first[1] < 2 || first[1] === second?.[1]) return undefined;
  return first[0];
}
