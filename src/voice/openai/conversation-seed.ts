import type { Turn } from '../history.js';
import { type EventBuilder, systemItem, turnItem } from './client-events.js';

/** Maximum number of turns that are sent turn by turn. */
const WHOLE_TURNS = 8;
/** Number of turns of a longer conversation that are sent as turns. The rest becomes a summary. */
const LAST_TURNS = 4;
const MAX_TURN_CHARS = 2000;
const MAX_SUMMARY_TURN_CHARS = 200;
const MAX_SUMMARY_CHARS = 3000;

/**
 * Returns the earlier conversation as items for a new session. They are text, because the assistant's audio cannot be
 * sent back to the service. Long conversations are shortened, because many turns of text have made models answer in
 * text.
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

/** Returns the newest turns that fit, oldest first. */
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
