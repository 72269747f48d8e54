import { isNote, textOf, type Json, type Message, type Tape, type TapeLine } from './format.js';

// Compares two runs of one call. Nothing here needs Node, because the console draws the differences.

/** What differs. `wire`: what was sent to Twilio, the model or a service. */
export type DifferenceKind = 'transcript' | 'heard' | 'decision' | 'wire';

/** `null` stands for what one run has and the other has not. */
export interface Difference {
  kind: DifferenceKind;
  atMs: number;
  /** On what it differs, such as `transcript`, `stream 1` or `http PUT /x`. */
  channel: string;
  expected: Json;
  got: Json;
}

/** How much earlier or later something may happen than it did. A busy machine is late by less. */
const LATE_MS = 500;
/** How much two lengths of audio may differ, because they are read from a clock. */
const LENGTH_MS = 60;
/** How much two times of day may differ. */
const TIME_OF_DAY_MS = 2000;
/** Maximum length of a text in a difference. Audio is longer, and nobody reads it. */
const SHOWN_CHARACTERS = 300;

/** The same moment is told by what a person would look at first. */
const RANK: readonly DifferenceKind[] = ['transcript', 'heard', 'decision', 'wire'];

interface Result {
  kind: DifferenceKind;
  channel: string;
  t: number;
  m: Message;
}

/** Returns the first difference between two runs, by time. `undefined` if there is none. */
export function firstDifference(expected: Tape, got: Tape): Difference | undefined {
  return differences(expected, got)[0];
}

/**
 * Returns the first difference of each channel, by time. A channel is what keeps its order: the transcript, one stream, one
 * socket. What different channels do at the same moment has no order.
 */
export function differences(expected: Tape, got: Tape): Difference[] {
  const wanted = byChannel(expected);
  const found = byChannel(got);
  const endMs = Math.min(expected.end.t, got.end.t);
  return [...new Set([...wanted.keys(), ...found.keys()])]
    .flatMap((channel) => differenceOf(channel, wanted.get(channel) ?? [], found.get(channel) ?? [], endMs))
    .sort((a, b) => a.atMs - b.atMs || RANK.indexOf(a.kind) - RANK.indexOf(b.kind));
}

function differenceOf(
  channel: string,
  wanted: readonly Result[],
  found: readonly Result[],
  endMs: number,
): Difference[] {
  for (let at = 0; at < Math.max(wanted.length, found.length); at++) {
    const [a, b] = [wanted[at], found[at]];
    if (a !== undefined && b !== undefined && isInTime(a, b) && isAlike(a.m, b.m, '')) continue;
    const atMs = a?.t ?? b?.t ?? 0;
    // At the very end, one run may have had the time for it and the other not.
    if ((a === undefined || b === undefined) && atMs > endMs - LATE_MS) return [];
    const { kind } = (a ?? b) as Result;
    const isLate = a !== undefined && b !== undefined && isAlike(a.m, b.m, '');
    return [{ kind, atMs, channel, expected: shownOf(a, isLate), got: shownOf(b, isLate) }];
  }
  return [];
}

/** When an event for Nova is taken depends on the client of AWS, and only its place says something of the gateway. */
function isInTime(a: Result, b: Result): boolean {
  const { message } = a.m as { message?: Message };
  return Math.abs(a.t - b.t) <= LATE_MS || typeof message?.['event'] === 'object';
}

function shownOf(result: Result | undefined, withTime: boolean): Json {
  if (result === undefined) return null;
  const m = shortened(result.m);
  return withTime ? { atMs: result.t, m } : m;
}

/** What a run has produced, by channel. */
function byChannel({ lines }: Tape): Map<string, Result[]> {
  const channels = new Map<string, Result[]>();
  for (const line of lines) {
    const result = resultOf(line);
    if (result === undefined) continue;
    const list = channels.get(result.channel);
    if (list === undefined) channels.set(result.channel, [result]);
    else list.push(result);
  }
  return channels;
}

function resultOf({ dir, leg, m, t }: TapeLine): Result | undefined {
  // Follows from the rest.
  if (isNote(m)) return undefined;
  if (dir === undefined && (leg === 'transcript' || leg === 'heard' || leg === 'decision'))
    return { kind: leg, channel: leg, t, m };
  if (dir !== 'out') return undefined;
  // Two questions at the same moment have no order, so their numbers say nothing.
  const { call: _, ...rest } = m;
  return { kind: 'wire', channel: channelOf(leg, m), t, m: rest };
}

/** Returns the channel of what was sent. */
export function channelOf(leg: string, m: Message): string {
  const place = ['request', 'stream', 'socket', 'session'].find((name) => name in m);
  if (place !== undefined) return `${place} ${textOf(m[place])}${isAudio(m['message']) ? ' audio' : ''}`;
  const what = ['to', 'method', 'path', 'tool'].flatMap((name) => (name in m ? [textOf(m[name])] : []));
  return [leg, ...what].join(' ');
}

/** Whether it is a piece of audio, which timers may place before or after another message. */
function isAudio(message: Json | undefined): boolean {
  if (typeof message !== 'object' || message === null || Array.isArray(message)) return false;
  const { event, type } = message as Message;
  if (event === 'media' || type === 'input_audio_buffer.append') return true;
  return typeof event === 'object' && event !== null && 'audioInput' in event;
}

function isAlike(a: Json | undefined, b: Json | undefined, name: string): boolean {
  if (a === b) return true;
  if (typeof a === 'number' && typeof b === 'number')
    return Math.abs(a - b) <= (/(?:Ms|_ms)$/.test(name) ? LENGTH_MS : name.endsWith('_at') ? 1 : 0);
  if (typeof a === 'string' && typeof b === 'string') return isSameMoment(a, b);
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  const [left, right] = [Object.entries(a), Object.entries(b)];
  return left.length === right.length && left.every(([key, value]) => isAlike(value, (b as Message)[key], key));
}

const TIME_OF_DAY = /^(?:\d{13}|\d{4}-\d\d-\d\dT[\d:.]+Z)$/;

function isSameMoment(a: string, b: string): boolean {
  if (!TIME_OF_DAY.test(a) || !TIME_OF_DAY.test(b)) return false;
  const [left, right] = [a, b].map((text) => (/^\d+$/.test(text) ? Number(text) : Date.parse(text)));
  return Math.abs((left ?? 0) - (right ?? 0)) <= TIME_OF_DAY_MS;
}

function shortened(value: Json): Json {
  if (typeof value === 'string')
    return value.length > SHOWN_CHARACTERS ? `${value.slice(0, SHOWN_CHARACTERS)}…` : value;
  if (Array.isArray(value)) return value.map(shortened);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, shortened(one)]));
}
