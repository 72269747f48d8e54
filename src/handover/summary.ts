import { MAX_SUMMARY } from './record.js';
import { isPrintable, numbersIn, oneLine, printable } from './text.js';

/** One utterance of the conversation. */
export interface SpokenTurn {
  speaker: 'caller' | 'assistant';
  text: string;
}

const LINE_CHARACTERS = 280;
const SPEAKERS = { caller: 'Caller', assistant: 'Assistant' } as const;
const SMALL_TALK =
  /^(?:(?:hi|hello|hey|yes|yeah|no|ok|okay|thanks|thank you|please|good (?:morning|afternoon|evening)|bye|goodbye|um+|uh+|h+m+)(?:[\s,.!?]+|$))+$/i;

/**
 * Summarises a conversation on a call in `language` for an agent who has seconds to read it. Selects the utterances that
 * carry most, up to {@link MAX_SUMMARY} of printable ASCII, and lists them in spoken order with their speakers. Of utterances
 * in another script it tells the language and the numbers. Nothing is rephrased, so nothing is invented. Never throws and
 * never returns an empty string.
 */
export function summarize(turns: readonly SpokenTurn[], language: string): string {
  const other = turns.filter(({ text }) => !isPrintable(text));
  if (other.length === 0) return extract(turns, printable, MAX_SUMMARY);
  const spoke = spokenIn(language, other);
  const readable = turns.filter(
    ({ text }) => isPrintable(text) && /[A-Za-z0-9]/.test(printable(text, LINE_CHARACTERS)),
  );
  if (readable.length === 0) return spoke;
  return [spoke, extract(readable, printable, MAX_SUMMARY - spoke.length - SEPARATOR.length)].join(SEPARATOR);
}

/** The same in the letters that were spoken, for a reader who can show all scripts. */
export function summarizeInScript(turns: readonly SpokenTurn[]): string {
  return extract(turns, oneLine, MAX_SUMMARY);
}

function extract(
  turns: readonly SpokenTurn[],
  toLine: (text: string, limit: number) => string,
  maxCharacters: number,
): string {
  const lines = turns
    .map(({ speaker, text }, position) => ({ speaker, text: toLine(text, LINE_CHARACTERS), position }))
    .filter(({ text }) => text !== '' && !SMALL_TALK.test(text))
    .map((line) => ({
      position: line.position,
      text: `${SPEAKERS[line.speaker]}: ${line.text}`,
      worth: worth(line.speaker, line.text) + line.position / turns.length,
    }));
  if (lines.length === 0) return 'The caller has not said what they need.';
  const chosen: typeof lines = [];
  let length = 0;
  for (const line of lines.toSorted((a, b) => b.worth - a.worth)) {
    const added = line.text.length + (chosen.length === 0 ? 0 : SEPARATOR.length);
    if (length + added > maxCharacters) continue;
    chosen.push(line);
    length += added;
  }
  return chosen
    .toSorted((a, b) => a.position - b.position)
    .map(({ text }) => text)
    .join(SEPARATOR);
}

const SEPARATOR = ' | ';
const NUMBERS_CHARACTERS = 280;

/** Says in ASCII which language these utterances are in, and which numbers they hold. */
function spokenIn(language: string, turns: readonly SpokenTurn[]): string {
  const spoke = `Spoke ${languageName(language)}`;
  const numbers = [...new Set(turns.flatMap(({ text }) => numbersIn(text)))].join(', ');
  return numbers === '' ? spoke : printable(`${spoke}; numbers said: ${numbers}`, NUMBERS_CHARACTERS);
}

/** Returns the English name of the language of a tag. A tag of a language in Latin letters does not name the one spoken. */
function languageName(tag: string): string {
  try {
    const { language, script } = new Intl.Locale(tag).maximize();
    const name = new Intl.DisplayNames('en', { type: 'language' }).of(language) ?? language;
    return script === 'Latn' ? `another language than ${name}` : name;
  } catch {
    return 'another language';
  }
}

/** Rates an utterance from 0 to 5. The caller's words rank above the assistant's; digits and length indicate content. */
function worth(speaker: SpokenTurn['speaker'], text: string): number {
  const words = Math.max(text.split(' ').length, text.length / 10);
  return (speaker === 'caller' ? 3 : 0) + (/\p{Decimal_Number}/u.test(text) ? 1 : 0) + Math.min(words, 20) / 20;
}

/** Maximum length of the transcript that a model reads. The end of the conversation is kept. */
const TRANSCRIPT_CHARACTERS = 12_000;

/** Maximum length of one turn in it, so that one long turn does not cost all others. */
const TURN_CHARACTERS = 2000;

/** Writes the conversation as one line a turn. Keeps the latest turns if it is too long. */
export function transcriptOf(turns: readonly SpokenTurn[]): string {
  const lines: string[] = [];
  let length = 0;
  for (const { speaker, text } of turns.toReversed()) {
    const line = `${SPEAKERS[speaker]}: ${text.slice(0, TURN_CHARACTERS).replace(/\s+/g, ' ').trim()}`;
    length += line.length + 1;
    if (length > TRANSCRIPT_CHARACTERS) break;
    lines.unshift(line);
  }
  return lines.join('\n');
}

const FEWEST_LETTERS = 8;
/** A logographic script says as much with fewer. */
const FEWEST_LOGOGRAPHS = 4;

/**
 * Cleans a summary that a model wrote: one line without markup, because a caller may have talked the model into writing
 * anything. `undefined` if less than half of it is letters, because no agent could read it.
 */
export function plainSummary(written: string): string | undefined {
  const plain = oneLine(
    written
      .slice(0, MAX_SUMMARY * 4)
      .replace(/!?\[([^\]]*)\]\([^)]*\)/g, '$1')
      .replace(/<[^<>]*>/g, ' ')
      .replace(/^\s*(?:[-+•]|\d{1,2}[.)])\s+/gm, '')
      .replace(/[*_`~#<>|\\{}[\]]+/g, ' '),
    MAX_SUMMARY,
  );
  const letters = plain.match(/[\p{Letter}\p{Mark}]/gu)?.length ?? 0;
  const fewest = /\p{Script=Han}/u.test(plain) ? FEWEST_LOGOGRAPHS : FEWEST_LETTERS;
  return letters < Math.max(fewest, plain.length / 2) ? undefined : plain;
}
