/** By primary subtag of BCP 47, the languages that the gateway has lines in. */
const LINES: Readonly<Record<string, string>> = {
  en: 'Sorry, I could not hear you well. Could you say that again?',
  fr: 'Pardon, je vous entends mal. Pouvez-vous répéter ?',
  de: 'Entschuldigung, ich habe Sie nicht gut gehört. Können Sie das bitte noch einmal sagen?',
  it: 'Mi scusi, non la sento bene. Può ripetere?',
  es: 'Disculpe, no le oigo bien. ¿Puede repetirlo?',
  pt: 'Desculpe, não consigo ouvir bem. Pode repetir, por favor?',
  hi: 'माफ़ कीजिए, आपकी आवाज़ ठीक से नहीं आई। क्या आप फिर से कह सकते हैं?',
};

/** Returns what a caller hears who was not understood, in English if the gateway has no line in `language`. */
export function notHeard(language: string): string {
  const primary = language.toLowerCase().split('-')[0] ?? '';
  return (Object.hasOwn(LINES, primary) ? LINES[primary] : undefined) ?? (LINES['en'] as string);
}
