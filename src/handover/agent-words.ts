import { en } from './briefing-words/en.js';
import { printable } from './text.js';

const MAX_WORDS = 128;

/** Returns the reason, and the topic if it adds something, as a sentence for the agent. Unknown identifiers keep their words. */
export function reasonInWords(reason: string, intent: string): string {
  const words = Object.hasOwn(en.reasons, reason)
    ? en.reasons[reason]
    : `The reason is ${spaced(reason) || 'not known'}`;
  const about = Object.hasOwn(en.topics, intent) && intent !== reason ? `, about ${en.topics[intent]}` : '';
  return printable(`${words}${about}.`, MAX_WORDS);
}

/** Returns the English name of a language: `de-DE` → `German (Germany)`. A text that is no tag stays as it is. */
export function languageInWords(tag: string): string {
  if (tag === '') return '';
  try {
    return printable(new Intl.DisplayNames('en', { type: 'language' }).of(tag) ?? tag, MAX_WORDS);
  } catch {
    return printable(tag, MAX_WORDS);
  }
}

/** Voices of Amazon Polly, as the contact flow has them, by primary subtag of BCP 47. */
const VOICES: Readonly<Record<string, string>> = {
  en: 'Joanna',
  de: 'Vicki',
  fr: 'Lea',
  it: 'Bianca',
  es: 'Lupe',
  pt: 'Camila',
};

/** Returns the voice in which an agent is told something in a language. Empty if there is none. */
export function voiceFor(tag: string): string {
  const language = tag.toLowerCase().split('-')[0] ?? '';
  return Object.hasOwn(VOICES, language) ? (VOICES[language] ?? '') : '';
}

function spaced(identifier: string): string {
  return identifier.replace(/_/g, ' ').trim();
}
