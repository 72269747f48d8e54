import type { Readable } from 'node:stream';
import type { CallRow } from './messages.js';

/** The tapes that this instance can give out. */
export interface Tapes {
  /** Whether this process records the call, or has recorded it. */
  has(callSid: string): boolean;
  /** Whether there is a tape of the call here, also of another process. */
  isKept(callSid: string): Promise<boolean>;
  /** Opens the tape of a call. `undefined` if there is none here. */
  open(callSid: string): Promise<TapeToSend | undefined>;
}

export interface TapeToSend {
  readonly path: string;
  readonly sizeBytes: number;
  readonly isWhole: boolean;
  read(): Readable;
  close(): Promise<void>;
}

/**
 * Knows which calls of other instances have their tape in the folder that this one has, too. A tape stays on the disk of the
 * instance that recorded it, so the workers of a cluster share theirs, and other machines have none of them.
 */
export class TapesOfOthers {
  /** Called with a call whose row has changed. */
  onFound: ((callSid: string) => void) | undefined;
  private readonly tapes: Tapes | undefined;
  private readonly known = new Map<string, boolean>();

  constructor(tapes: Tapes | undefined) {
    this.tapes = tapes;
  }

  /** Returns the row of another instance's call as this one may show it, as far as it has looked. */
  rowSoFar(row: CallRow): CallRow {
    if (!row.tape) return row;
    if (!this.known.has(row.callSid)) void this.look(row.callSid);
    return { ...row, tape: this.known.get(row.callSid) === true };
  }

  /** Returns the row of another instance's call as this one may show it. */
  async row(row: CallRow): Promise<CallRow> {
    return row.tape ? { ...row, tape: (await this.tapes?.isKept(row.callSid)) === true } : row;
  }

  forget(callSid: string): void {
    this.known.delete(callSid);
  }

  clear(): void {
    this.known.clear();
  }

  private async look(callSid: string): Promise<void> {
    this.known.set(callSid, false);
    const isKept = (await this.tapes?.isKept(callSid)) === true;
    if (!isKept || !this.known.has(callSid)) return;
    this.known.set(callSid, true);
    this.onFound?.(callSid);
  }
}
