import { type Json, type Message, NotATape, type Tape, type TapeLine, TapeReader } from '../../src/tape/format.js';
import { CallStore } from './call-store.js';
import { tapedCall } from './tape-call.js';

// Reads a tape from a file of the visitor. It stays in the memory of this page: nothing is sent anywhere.

/** Maximum size of a tape, some two hours of talk. A page cannot hold much more. */
export const MAX_TAPE_BYTES = 512 * 1024 * 1024;
const CHUNK_BYTES = 256 * 1024;
/** No line of a tape is as long. */
const MAX_LINE_CHARACTERS = 16 * 1024 * 1024;
/** From this length on a text is audio, and only whether it is the same matters. */
const LONG_CHARACTERS = 400;

/** Why a file cannot be shown. */
export type FileProblem = 'not-a-tape' | 'version' | 'damaged' | 'huge' | 'unreadable';

export class CannotOpen extends Error {
  readonly problem: FileProblem;
  /** The line that is wrong, if one is. */
  readonly line: number | undefined;

  constructor(problem: FileProblem, line?: number) {
    super(problem);
    this.problem = problem;
    this.line = line;
  }
}

/** One run of a call, as a file has it. */
export interface Run {
  name: string;
  file: File;
  tape: Tape;
  /** Whether the recording did not break off. */
  isWhole: boolean;
  hasNotes: boolean;
  store: CallStore;
}

let runs = 0;

/** `onShare`: called with the part of the file that has been read, from 0 to 1. @throws CannotOpen */
export async function openTape(file: File, onShare: (share: number) => void): Promise<Run> {
  if (file.size > MAX_TAPE_BYTES) throw new CannotOpen('huge');
  const { isWhole, tape } = await readTape(file, onShare);
  try {
    const { call, events, hasNotes } = tapedCall(tape, `run${++runs}`);
    const store = new CallStore(tape.head.callSid, true);
    store.call.value = call;
    store.events.value = events;
    return { name: file.name, file, tape, isWhole, hasNotes, store };
  } catch {
    // Whole, but changed by hand.
    throw new CannotOpen('damaged');
  }
}

async function readTape(file: File, onShare: (share: number) => void): Promise<Pick<Run, 'tape' | 'isWhole'>> {
  const reader = new TapeReader();
  const decoder = new TextDecoder();
  const lines: TapeLine[] = [];
  let rest = '';
  for (let at = 0; at < file.size; at += CHUNK_BYTES) {
    rest += decoder.decode(await bytesOf(file, at), { stream: true });
    const rows = rest.split('\n');
    rest = rows.pop() ?? '';
    if (rest.length > MAX_LINE_CHARACTERS || (at === 0 && !/^\s*\{/.test(rows[0] ?? rest)))
      throw new CannotOpen('not-a-tape');
    for (const row of rows) keep(reader, row, lines);
    onShare(Math.min(1, (at + CHUNK_BYTES) / file.size));
  }
  if (rest.trim() !== '') keepRest(reader, rest, lines);
  return { tape: { head: headOf(reader), lines, end: reader.end }, isWhole: reader.isWhole };
}

async function bytesOf(file: File, at: number): Promise<ArrayBuffer> {
  try {
    return await file.slice(at, at + CHUNK_BYTES).arrayBuffer();
  } catch {
    // A folder, or a file that has changed or gone since it was chosen.
    throw new CannotOpen('unreadable');
  }
}

function keep(reader: TapeReader, row: string, lines: TapeLine[]): void {
  try {
    const line = reader.read(row);
    if (line !== undefined && isKept(line)) lines.push({ ...line, m: short(line.m) as Message });
  } catch (error) {
    throw asProblem(error);
  }
}

/** Half a line at the end is where the recording broke off. */
function keepRest(reader: TapeReader, rest: string, lines: TapeLine[]): void {
  try {
    JSON.parse(rest);
  } catch {
    return;
  }
  keep(reader, rest, lines);
}

function headOf(reader: TapeReader): Tape['head'] {
  try {
    return reader.head;
  } catch (error) {
    throw asProblem(error);
  }
}

function asProblem(error: unknown): CannotOpen {
  if (!(error instanceof NotATape)) return new CannotOpen('damaged');
  const { line, problem } = error;
  if (problem === 'not-a-tape' || problem === 'version') return new CannotOpen(problem);
  return new CannotOpen('damaged', line);
}

/** What came to the gateway is neither shown nor compared. */
function isKept({ dir, m }: TapeLine): boolean {
  return dir !== 'in' || 'operator' in m;
}

/** Returns a message with a fingerprint in the place of each piece of audio, which is most of a tape. */
function short(value: Json): Json {
  if (typeof value === 'string') return value.length < LONG_CHARACTERS || /\s/.test(value) ? value : fingerprint(value);
  if (Array.isArray(value)) return value.map(short);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, short(one)]));
}

/** Two numbers of 32 bits, after FNV-1a. */
function fingerprint(text: string): string {
  let [a, b] = [0x811c9dc5, 0x9747b28c];
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    a = Math.imul(a ^ code, 0x01000193);
    b = Math.imul(b ^ (code + at), 0x01000193);
  }
  return `${text.length} characters, ${(a >>> 0).toString(16)}${(b >>> 0).toString(16)}`;
}
