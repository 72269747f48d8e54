import type { Turn } from '../history.js';

export interface HistoryBlock {
  role: 'USER' | 'ASSISTANT';
  /** The pieces of one text, each small enough for one event. */
  texts: string[];
}

/** Limits of older versions of the service, which every version accepts: 1 KB an event, 40 KB in all. */
export const MAX_TEXT_BYTES = 1000;
const MAX_HISTORY_BYTES = 40_000;
/** LiveKit sends no more blocks than this. It is not known to be a limit of the service. */
const MAX_BLOCKS = 40;
/** Stands before the turns that one block holds together. */
const FOLDED = 'Earlier in this call:';
const SPEAKERS = { USER: 'Caller', ASSISTANT: 'Assistant' } as const;
/** Maximum size that folding adds to a turn. */
const LABEL_BYTES = '\nAssistant: '.length;

/** Stands before a greeting of the assistant, because the service refuses a history that begins with the assistant. */
const CALLER_OPENING = 'Hello.';

interface Block {
  role: HistoryBlock['role'];
  text: string;
}

/**
 * Returns the earlier conversation as the service accepts it: it begins with the caller, and the speakers alternate.
 * Only the newest turns of a long one are kept, and the older ones of those are folded into the first block.
 */
export function historyBlocks(turns: readonly Turn[]): HistoryBlock[] {
  const merged = mergeNeighbours(newest(turns));
  if (merged[0]?.role === 'ASSISTANT') merged.unshift({ role: 'USER', text: CALLER_OPENING });
  return folded(merged).map(({ role, text }) => ({ role, texts: splitText(text, MAX_TEXT_BYTES) }));
}

/** Returns at most {@link MAX_BLOCKS}. The first is the caller's, and the roles alternate. */
function folded(blocks: readonly Block[]): readonly Block[] {
  if (blocks.length <= MAX_BLOCKS) return blocks;
  // What follows the folded block, which counts as the caller's, begins with the assistant.
  const isEarly = (index: number): boolean => index < blocks.length - MAX_BLOCKS + 1;
  const first = blocks.findIndex(({ role }, index) => !isEarly(index) && role === 'ASSISTANT');
  const lines = blocks.slice(0, first).map(({ role, text }) => `${SPEAKERS[role]}: ${text}`);
  return [{ role: 'USER', text: [FOLDED, ...lines].join('\n') }, ...blocks.slice(first)];
}

function newest(turns: readonly Turn[]): readonly Turn[] {
  let sizeBytes = Buffer.byteLength(CALLER_OPENING) + Buffer.byteLength(FOLDED) + LABEL_BYTES;
  let from = turns.length;
  while (from > 0) {
    sizeBytes += Buffer.byteLength(turns[from - 1]?.text ?? '') + LABEL_BYTES;
    if (sizeBytes > MAX_HISTORY_BYTES) break;
    from--;
  }
  return turns.slice(from);
}

function mergeNeighbours(turns: readonly Turn[]): Block[] {
  const merged: Block[] = [];
  for (const turn of turns) {
    const text = turn.text.trim();
    if (text === '') continue;
    const role = turn.speaker === 'caller' ? 'USER' : 'ASSISTANT';
    const last = merged.at(-1);
    if (last?.role === role) last.text += ` ${text}`;
    else merged.push({ role, text });
  }
  return merged;
}

/** Splits `text` into pieces of at most `maxBytes` of UTF-8, between words if possible. Joined they are `text`. */
export function splitText(text: string, maxBytes: number): string[] {
  const pieces: string[] = [];
  let rest = text;
  while (Buffer.byteLength(rest) > maxBytes) {
    const piece = firstBytes(rest, maxBytes);
    const space = piece.lastIndexOf(' ');
    const cut = space > 0 ? space + 1 : piece.length;
    pieces.push(rest.slice(0, cut));
    rest = rest.slice(cut);
  }
  if (rest !== '' || pieces.length === 0) pieces.push(rest);
  return pieces;
}

/** Returns the longest beginning of `text` that fits, without cutting a character in two. */
function firstBytes(text: string, maxBytes: number): string {
  let sizeBytes = 0;
  let length = 0;
  for (const character of text) {
    sizeBytes += Buffer.byteLength(character);
    if (sizeBytes > maxBytes) break;
    length += character.length;
  }
  return text.slice(0, length);
}
