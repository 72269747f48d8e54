import type { Turn } from '../history.js';
import { type EventBuilder, systemItem, turnItem } from './client-events.js';

/** A conversation of up to this many turns is given turn by turn. */
const WHOLE_TURNS = 8;
/** Of a longer one these are given as turns, the rest as a summary. */
const LAST_TURNS = 4;
const MAX_TURN_CHARS = 2000;
const MAX_SUMMARY_TURN_CHARS = 200;
const MAX_SUMMARY_CHARS = 3000;

/**
 * What was said before this session, for a model that was not there: as text, because the audio of the assistant cannot
 * be given back to it. Long conversations are shortened: many turns of text have made models answer in text.
 */
export function seedItems(turns: readonly Turn[]): EventBuilder[] {
  const spoken = turns.filter(({ text }) => text.trim() !== '');
  const isLong = spoken.length > WHOLE_TURNS;
  const last = isLong ? spoken.slice(-LAST_TURNS) : spoken;
  const items: EventBuilder[] = [];
  if (isLong) {
    const summary = summaryOf(spoken.slice(0, -LAST_TURNS));
    items.push((eventId) => systemItem(eventId, summary));
  }
  for (const { speaker, text } of last) items.push((eventId) => turnItem(eventId, speaker, clip(text, MAX_TURN_CHARS)));
  return items;
}

/** The newest turns that fit, oldest first. */
function summaryOf(turns: readonly Turn[]): string {
  const lines: string[] = [];
  let sizeChars = 0;
  for (const { speaker, text } of [...turns].reverse()) {
    const line = `${speaker === 'caller' ? 'Caller' : 'You'}: ${clip(text, MAX_SUMMARY_TURN_CHARS)}`;
    sizeChars += line.length;
    if (sizeChars > MAX_SUMMARY_CHARS) break;
    lines.unshift(line);
  }
  return `Earlier in this telephone call, shortened:\n${lines.join('\n')}`;
}

function clip(text: string, maxChars: number): string {
  return text.length <= maxChars ? text : `${text.slice(0, maxChars - 1)}…`;
}
