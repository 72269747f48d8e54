import { MAX_SUMMARY, printable } from './record.js';

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
 * Summarises a conversation for an agent who has seconds to read it. Selects the utterances that carry most, up to
 * `maxCharacters` of printable ASCII, and lists them in spoken order with their speakers. Nothing is rephrased, so nothing
 * is invented. Never throws and never returns an empty string.
 */
export function summarize(turns: readonly SpokenTurn[], maxCharacters: number = MAX_SUMMARY): string {
  const lines = turns
    .map(({ speaker, text }, position) => ({ speaker, text: printable(text, LINE_CHARACTERS), position }))
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

/** Rates an utterance from 0 to 5. The caller's words rank above the assistant's; digits and length indicate content. */
function worth(speaker: SpokenTurn['speaker'], text: string): number {
  const words = text.split(' ').length;
  return (speaker === 'caller' ? 3 : 0) + (/\d/.test(text) ? 1 : 0) + Math.min(words, 20) / 20;
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

/**
 * Cleans a summary that a model wrote for an agent's screen: printable ASCII without markup, because a caller may have
 * talked the model into writing anything. `undefined` if less than half of it is letters, because no agent could read it.
 */
export function plainSummary(written: string): string | undefined {
  const plain = printable(
    written
      .slice(0, MAX_SUMMARY * 4)
      .replace(/!?\[([^\]]*)\]\([^)]*\)/g, '$1')
      .replace(/<[^<>]*>/g, ' ')
      .replace(/^\s*(?:[-+•]|\d{1,2}[.)])\s+/gm, '')
      .replace(/[*_`~#<>|\\{}[\]]+/g, ' '),
    MAX_SUMMARY,
  );
  const letters = plain.replace(/[^A-Za-z]/g, '').length;
  return letters < Math.max(FEWEST_LETTERS, plain.length / 2) ? undefined : plain;
}
