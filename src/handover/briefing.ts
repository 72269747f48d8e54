import { BRIEFING_WORDS, briefingWords } from './briefing-words/index.js';
import { en } from './briefing-words/en.js';
import { isPrintable, oneLine, printable } from './text.js';

/** What is known of a call when a person is about to take it. */
export interface BriefingFacts {
  /** The caller's name. `undefined` if it is not known. */
  name: string | undefined;
  /** The reason in the record. `undefined` if it is not known. */
  reason: string | undefined;
  /** The intent in the record. */
  intent: string;
  /** What the call is about, in the language of the briefing. The last sentence is what is still open. */
  summary: string | undefined;
}

/** Primary subtags of the languages in which a person can be briefed. */
export const BRIEFING_LANGUAGES: readonly string[] = Object.keys(BRIEFING_WORDS);

/** Whether a person can be briefed in the language of a BCP 47 tag. */
export function canBrief(tag: string): boolean {
  return briefingWords(tag) !== undefined;
}

/** Returns the sentence that asks the person to take or to decline the call. */
export function choiceIn(tag: string): string {
  return (briefingWords(tag) ?? en).choice;
}

/** Maximum duration of a briefing. The caller hears ringing meanwhile. */
const MAX_SECONDS = 12;
/** How fast a synthetic voice speaks. Languages with long words reach the second limit first. */
const WORDS_PER_SECOND = 2.5;
const CHARACTERS_PER_SECOND = 15;
/** The share of a briefing that the first sentence may take in any case. */
const FIRST_SHARE = 0.6;
const MAX_NAME_CHARACTERS = 40;
const MAX_SUMMARY_CHARACTERS = 1000;
/** A sentence that has to be cut to fewer words says nothing. */
const FEWEST_WORDS = 3;

/**
 * Returns what the person hears: who calls and why, and the last open point. At most {@link MAX_SECONDS} of speech, in the letters
 * of the language, without a long number, an address or markup. Never empty. `language` is one for which {@link canBrief} holds; any other is taken as English.
 */
export function briefingOf(facts: BriefingFacts, language: string): string {
  const words = briefingWords(language) ?? en;
  const name = sayable(facts.name ?? '', MAX_NAME_CHARACTERS).replace(/[.!?:]+$/, '');
  const [wanted, ...others] = sentencesOf(sayable(facts.summary ?? '', MAX_SUMMARY_CHARACTERS), language);
  const open = others.at(-1);
  const why = wanted ?? reasonOf(facts, words);
  const first = name === '' || why.includes(name) ? why : `${name}: ${why}`;
  if (open === undefined) return cut(first, MAX_SECONDS) || reasonOf(facts, words);
  const forFirst = Math.max(MAX_SECONDS - secondsOf(` ${open}`), MAX_SECONDS * FIRST_SHARE);
  const said = cut(first, forFirst);
  return `${said} ${cut(open, MAX_SECONDS - secondsOf(`${said} `))}`.trim() || reasonOf(facts, words);
}

/**
 * Returns the briefing for Amazon Connect, whose attributes are printable ASCII, and the language it is in. In a language of other
 * letters that is the reason in English.
 */
export function briefingForConnect(facts: BriefingFacts, language: string): { words: string; language: string } {
  const own = canBrief(language) ? briefingOf(facts, language) : '';
  if (own !== '' && isPrintable(own)) return { words: printable(own, MAX_SUMMARY_CHARACTERS), language };
  const { intent, name = '', reason } = facts;
  const shown = isPrintable(name) ? name : undefined;
  const words = briefingOf({ name: shown, reason, intent, summary: undefined }, 'en');
  return { words: printable(words, MAX_SUMMARY_CHARACTERS), language: 'en' };
}

/** Estimates how long a voice needs for a text. */
export function secondsOf(text: string): number {
  const words = text.split(' ').filter((word) => word !== '').length;
  return Math.max(words / WORDS_PER_SECOND, text.length / CHARACTERS_PER_SECOND);
}

type Words = NonNullable<ReturnType<typeof briefingWords>>;

function reasonOf({ intent, reason }: BriefingFacts, { about, reasons, stop, topics, unknown }: Words): string {
  const why = reason === undefined || !Object.hasOwn(reasons, reason) ? unknown : (reasons[reason] ?? unknown);
  const topic = Object.hasOwn(topics, intent) && intent !== reason ? topics[intent] : undefined;
  return topic === undefined ? `${why}${stop}` : `${why}${stop} ${about.replace('{topic}', topic)}${stop}`;
}

/** The full stop behind these ends no sentence. The rules of Unicode know no abbreviations. */
const ABBREVIATION =
  /(?:^|\s)(?:Mr|Mrs|Ms|Mx|Dr|Dra|Prof|Mme|Mlle|Hr|Fr|Sr|Sra|Sig|Nr|No|St|ca|bzw|zzgl|\p{Letter})\.\s*$/u;

function sentencesOf(text: string, language: string): string[] {
  const sentences: string[] = [];
  let begun = '';
  for (const { segment } of new Intl.Segmenter(language, { granularity: 'sentence' }).segment(text)) {
    begun += segment;
    if (ABBREVIATION.test(begun)) continue;
    sentences.push(begun.trim());
    begun = '';
  }
  return [...sentences, begun.trim()].filter((sentence) => /\p{Letter}/u.test(sentence));
}

/** An address of mail or of the web. */
const ADDRESS = /\S*(?:@|:\/\/|\bwww\.)\S*/gi;
/** Digits in one or several groups. */
const NUMBER = /\+?\p{Decimal_Number}(?:(?:[ \u00a0.\-/()]{0,2}|,)\p{Decimal_Number})*/gu;
/** A longer number is an order, an account, a card or a telephone, and a voice reads it digit by digit. */
const MAX_DIGITS = 4;

/** Returns a text on one line that a voice can say: without long numbers, addresses and signs. */
function sayable(text: string, maxCharacters: number): string {
  return oneLine(text, maxCharacters)
    .replace(ADDRESS, ' ')
    .replace(NUMBER, (number) => ((number.match(/\p{Decimal_Number}/gu)?.length ?? 0) > MAX_DIGITS ? ' ' : number))
    .replace(/[<>#*_|\\{}[\]()…]+/g, ' ')
    .replace(/\s+/g, ' ')
    .replace(/ (?=[.,;:!?।])/g, '')
    .trim();
}

/** Shortens a sentence to whole words, at the end of a clause if that keeps half of it. Empty if too little is left. */
function cut(sentence: string, seconds: number): string {
  if (secondsOf(sentence) <= seconds) return sentence;
  let kept = '';
  for (const word of sentence.split(' ')) {
    const longer = kept === '' ? word : `${kept} ${word}`;
    if (secondsOf(`${longer}.`) > seconds) break;
    kept = longer;
  }
  const clause = /^(.*\S)[,;:–—]/u.exec(kept)?.[1] ?? '';
  const whole = (clause.length * 2 >= kept.length ? clause : kept).replace(/[\s,;:.!?।–—-]+$/u, '');
  return whole.split(' ').length < FEWEST_WORDS ? '' : `${whole}.`;
}
