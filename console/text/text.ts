import { remembered } from '../live/preferences.js';
import { type TextKey, en } from './en.js';

export type { TextKey };

export const LANGUAGES = { en: 'English', de: 'Deutsch' } as const;
export type Language = keyof typeof LANGUAGES;

/** The language of the page: the one that was chosen here, else the browser's, else English. */
export const language: Language = chosenLanguage();

/** A language that the page is not in costs nothing. */
const texts: Readonly<Record<TextKey, string>> = language === 'de' ? (await import('./de.js')).de : en;
let plurals: Intl.PluralRules | undefined;

/** Returns a text in the language of the page, with `values` in its places, such as `{count}`. */
export function text(key: TextKey, values: Readonly<Record<string, string | number>> = {}): string {
  return texts[key].replace(/\{(\w+)\}/g, (_place, name: string) => String(values[name] ?? ''));
}

/** Returns the text for a number of things, from the keys `KEY.one` and `KEY.other`. */
export function plural(key: PluralKey, count: number, shown: string = String(count)): string {
  plurals ??= new Intl.PluralRules(language);
  return text(`${key}.${plurals.select(count) === 'one' ? 'one' : 'other'}`, { count: shown });
}

/** Returns the text for a name of the gateway, such as a state. A name that has no text is shown as it is. */
export function named(
  group: 'state' | 'outcome' | 'trigger' | 'reason' | 'cause' | 'dial' | 'token' | 'agent' | 'direction',
  name: string,
): string {
  const key = `${group}.${name}`;
  return key in texts ? texts[key as TextKey] : name.replaceAll('_', ' ');
}

type PluralKey = TextKey extends infer Key ? (Key extends `${infer Name}.one` ? Name : never) : never;

function chosenLanguage(): Language {
  const choices = [remembered('language') ?? '', ...navigator.languages].map((tag) => tag.slice(0, 2).toLowerCase());
  return choices.find((tag): tag is Language => tag in LANGUAGES) ?? 'en';
}
