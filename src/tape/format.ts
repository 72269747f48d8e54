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
  /** Set in what a replay has written: what another day's code made of the call. */
  replay?: { direct: boolean };
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
  /** Absent from tapes of earlier versions, like the next two. Then it is the prompt's. */
  name?: string | undefined;
  passesTo?: Readonly<Record<string, string>> | undefined;
  otherLanguages?: readonly string[] | undefined;
  providers?: readonly string[] | undefined;
  isOpen: boolean;
  /** What was known before the call was answered, as `src/call/before-call.ts` has it. Absent if that was nothing. */
  known?: { variables: Readonly<Record<string, string>>; action?: 'refuse' | 'human' } | undefined;
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

/** Whether a message is a note: what the gateway told listeners of the call, which follows from the other lines. */
export function isNote(m: Message): boolean {
  return 'note' in m;
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

/** Why a file is no whole tape. */
export type TapeProblem =
  'not-a-tape' | 'version' | 'head' | 'not-json' | 'not-an-object' | 'not-a-line' | 'earlier' | 'after-end' | 'no-end';

/** A file that is no whole tape. The message is one sentence without what the file holds. */
export class NotATape extends Error {
  /** `undefined` if the file is whole, and something else is wrong with it. */
  readonly problem: TapeProblem | undefined;
  /** The line that is wrong, from 1 on. `undefined` if it is none in particular. */
  readonly line: number | undefined;

  constructor(message: string, problem?: TapeProblem, line?: number) {
    super(message);
    this.problem = problem;
    this.line = line;
  }
}

const SENTENCES: Readonly<Record<TapeProblem, (line: number) => string>> = {
  'not-a-tape': () => 'its first line is not that of a tape',
  version: () => 'it has a version of the format that this release does not know',
  head: () => 'its first line lacks what a tape needs',
  'not-json': (line) => `line ${line} is not JSON`,
  'not-an-object': (line) => `line ${line} is not an object`,
  'not-a-line': (line) => `line ${line} is not a line of a tape`,
  earlier: (line) => `line ${line} is earlier than the one before it`,
  'after-end': (line) => `line ${line} ends it and more lines follow`,
  'no-end': () => 'its last line is missing, so the recording broke off',
};

function wrong(problem: TapeProblem, line?: number): NotATape {
  return new NotATape(SENTENCES[problem](line ?? 0), problem, line);
}

const LEG_SET: ReadonlySet<unknown> = new Set(LEGS);

/** Reads a tape row by row, so that a long one need not be in memory as text. */
export class TapeReader {
  private known: TapeHead | undefined;
  private last: { t: number | undefined; line: number } | undefined;
  private rows = 0;
  private lastMs = 0;

  /** Reads the next row. `undefined` for the first and the last. @throws NotATape */
  read(row: string): TapeLine | undefined {
    const number = ++this.rows;
    if (this.last !== undefined) throw wrong('after-end', this.last.line);
    const line = objectOf(row, number);
    if (this.known === undefined) {
      this.known = headOf(line);
      return undefined;
    }
    if (line['end'] === true) {
      this.last = { t: typeof line['t'] === 'number' ? line['t'] : undefined, line: number };
      return undefined;
    }
    if (!isLine(line)) throw wrong('not-a-line', number);
    if (line.t < this.lastMs) throw wrong('earlier', number);
    this.lastMs = line.t;
    return line;
  }

  /** The first line. @throws NotATape if there was none */
  get head(): TapeHead {
    if (this.known === undefined) throw wrong('not-a-tape', 1);
    return this.known;
  }

  /** Whether the last line has been read. */
  get isWhole(): boolean {
    return this.last !== undefined;
  }

  /** The last line. Without one, when the recording broke off. */
  get end(): TapeEnd {
    return { end: true, t: Math.max(this.last?.t ?? 0, this.lastMs) };
  }
}

/** Reads a tape. @throws NotATape if it is not whole */
export function parseTape(text: string): Tape {
  const rows = text.split('\n');
  if (rows.at(-1)?.trim() === '') rows.pop();
  const reader = new TapeReader();
  const lines = rows.flatMap((row) => reader.read(row) ?? []);
  const { end, head } = reader;
  if (!reader.isWhole) throw wrong('no-end');
  return { head, lines, end };
}

/** The text of a tape. */
export function writeTape({ end, head, lines }: Tape): string {
  return `${[head, ...lines, end].map((line) => JSON.stringify(line)).join('\n')}\n`;
}

function objectOf(row: string, number: number): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(row);
  } catch {
    throw wrong(number === 1 ? 'not-a-tape' : 'not-json', number);
  }
  if (!isObject(value)) throw wrong(number === 1 ? 'not-a-tape' : 'not-an-object', number);
  return value;
}

function headOf(value: Record<string, unknown>): TapeHead {
  const { tape } = value;
  if (tape !== TAPE_VERSION) throw wrong(tape === undefined ? 'not-a-tape' : 'version', 1);
  if (!isHead(value)) throw wrong('head', 1);
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
