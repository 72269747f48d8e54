// The format of a tape, and its reader. Nothing here needs Node, because the console reads tapes in a browser.

/** Where on the edge of a call something was recorded. A closed set. */
export const LEGS = ['carrier', 'model', 'http', 'store', 'voice', 'heard', 'transcript', 'decision'] as const;
export type Leg = (typeof LEGS)[number];

/** `in`: it came to the gateway. `out`: the gateway sent it. */
export type Direction = 'in' | 'out';

/** The version of the format that this code writes and reads. */
export const TAPE_VERSION = 1;

/** The first line. */
export interface TapeHead {
  tape: typeof TAPE_VERSION;
  /** Tells a person who opens the file what it holds. */
  notice: string;
  callSid: string;
  /** The version of the gateway that recorded the call. */
  version: string;
  settings: TapeSettings;
  /** Set if words, voices, names and numbers were replaced. */
  scrubbed?: true;
}

/** What the call's code was configured with. Secrets are placeholders. */
export interface TapeSettings {
  /** Milliseconds since the epoch at which the call began. */
  startedAtMs: number;
  /** The monotonic clock at that moment. A replay begins there, so that sums of times are rounded alike. */
  clockMs: number;
  publicHost: string;
  /** The name of the process, if it was one of several behind one port. */
  worker?: string | undefined;
  /** The variables that were set, without files and secrets. */
  variables: Readonly<Record<string, string>>;
  /** Names of the secrets that were set. */
  secrets: readonly string[];
  /** The assistant that answered, as `src/prompts` has it. */
  assistant: TapedAssistant;
  ownPhrases: { asks: readonly string[]; never: readonly string[] };
  /** The providers whose sessions were recorded at the level of voice events. */
  voices: readonly TapedVoice[];
  /** The names of the providers, if they were not those of the variables. */
  providers?: readonly string[] | undefined;
  tools: readonly TapedTool[];
}

export interface TapedAssistant {
  prompt: Record<string, unknown>;
  providers?: readonly string[] | undefined;
  isOpen: boolean;
  queues: readonly { byReason: Readonly<Record<string, string>>; otherwise?: string | undefined }[];
}

/** `null` stands for no limit. */
export interface TapedVoice {
  name: string;
  renewal?: { afterMs: number; forceAfterMs: number } | undefined;
  answerWithinMs?: number | null | undefined;
  turnWaitMs?: number | undefined;
}

export interface TapedTool {
  name: string;
  description: string;
  parameters: Record<string, unknown>;
  timeoutMs?: number | undefined;
  filler?: string | undefined;
}

/** Anything that JSON can hold. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };
export type Message = { readonly [name: string]: Json };

/** Returns a value of a message as text. */
export function textOf(value: unknown): string {
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value);
}

/** One recorded message. `t`: milliseconds since the call began. */
export interface TapeLine {
  t: number;
  leg: Leg;
  /** Absent for what is neither: what the caller heard, the transcript, and what the gateway decided. */
  dir?: Direction;
  m: Message;
}

/** The last line. */
export interface TapeEnd {
  end: true;
  t: number;
}

/** A whole tape. */
export interface Tape {
  head: TapeHead;
  lines: readonly TapeLine[];
  end: TapeEnd;
}

/** A file that is no whole tape. The message is one sentence without what the file holds. */
export class NotATape extends Error {}

const LEG_SET: ReadonlySet<unknown> = new Set(LEGS);

/** Reads a tape. @throws NotATape if it is not whole */
export function parseTape(text: string): Tape {
  const rows = text.split('\n');
  if (rows.at(-1)?.trim() === '') rows.pop();
  const head = objectOf(rows[0], 1);
  if (head['tape'] !== TAPE_VERSION)
    throw new NotATape(
      head['tape'] === undefined
        ? 'its first line is not that of a tape'
        : 'it has a version of the format that this release does not know',
    );
  if (!isHead(head)) throw new NotATape('its first line lacks what a tape needs');
  const lines: TapeLine[] = [];
  let lastMs = 0;
  for (const [index, row] of rows.entries()) {
    if (index === 0) continue;
    const line = objectOf(row, index + 1);
    if (line['end'] === true) {
      if (index !== rows.length - 1) throw new NotATape(`line ${index + 1} ends it and more lines follow`);
      const endMs = line['t'];
      return { head, lines, end: { end: true, t: typeof endMs === 'number' ? Math.max(endMs, lastMs) : lastMs } };
    }
    if (!isLine(line)) throw new NotATape(`line ${index + 1} is not a line of a tape`);
    if (line.t < lastMs) throw new NotATape(`line ${index + 1} is earlier than the one before it`);
    lastMs = line.t;
    lines.push(line);
  }
  throw new NotATape('its last line is missing, so the recording broke off');
}

/** The text of a tape. */
export function writeTape({ end, head, lines }: Tape): string {
  return `${[head, ...lines, end].map((line) => JSON.stringify(line)).join('\n')}\n`;
}

function objectOf(row: string | undefined, number: number): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(row ?? '');
  } catch {
    throw new NotATape(number === 1 ? 'its first line is not that of a tape' : `line ${number} is not JSON`);
  }
  if (!isObject(value))
    throw new NotATape(number === 1 ? 'its first line is not that of a tape' : `line ${number} is not an object`);
  return value;
}

function isHead(value: Record<string, unknown>): value is Record<string, unknown> & TapeHead {
  const { callSid, settings, version } = value;
  if (typeof callSid !== 'string' || typeof version !== 'string' || !isObject(settings)) return false;
  const { assistant, clockMs, ownPhrases, publicHost, secrets, startedAtMs, tools, variables, voices } = settings;
  const isAssistant = isObject(assistant) && isObject(assistant['prompt']) && Array.isArray(assistant['queues']);
  const isPhrases = isObject(ownPhrases) && Array.isArray(ownPhrases['asks']) && Array.isArray(ownPhrases['never']);
  const areLists = [secrets, tools, voices].every((list) => Array.isArray(list));
  return (
    isAssistant &&
    isPhrases &&
    areLists &&
    isObject(variables) &&
    typeof publicHost === 'string' &&
    typeof clockMs === 'number' &&
    typeof startedAtMs === 'number'
  );
}

function isLine(value: Record<string, unknown>): value is Record<string, unknown> & TapeLine {
  const { dir, leg, m, t } = value;
  return (
    typeof t === 'number' &&
    t >= 0 &&
    LEG_SET.has(leg) &&
    (dir === undefined || dir === 'in' || dir === 'out') &&
    isObject(m)
  );
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
