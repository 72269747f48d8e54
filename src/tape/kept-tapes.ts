import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';

/** Maximum number of calls of this process whose tapes are remembered. The oldest go first. */
const MAX_REMEMBERED = 2000;
const HEAD_BYTES = 4096;
const END_BYTES = 256;
/** How every tape begins; see CallTape. */
const HEAD = '{"tape":1,';
const END = '{"end":true';

/** A tape that somebody wants to have. */
export interface OpenedTape {
  readonly path: string;
  /** What was on the disk when it was opened. */
  readonly sizeBytes: number;
  /** Whether its last line is there. */
  readonly isWhole: boolean;
  /** The bytes. The caller of {@link KeptTapes.open} closes the tape after that. */
  read(): Readable;
  close(): Promise<void>;
}

/** The tapes in the folder of TAPE_DIR. */
export class KeptTapes {
  private readonly dir: string;
  private readonly recorded = new Set<string>();

  constructor(dir: string) {
    this.dir = dir;
  }

  /** Returns the file of a call's tape. The CallSid is one of Twilio's, so it holds neither a dot nor a slash. */
  pathOf(callSid: string): string {
    return join(this.dir, `${callSid}.jsonl`);
  }

  began(callSid: string): void {
    this.recorded.add(callSid);
    const [oldest] = this.recorded;
    if (oldest !== undefined && this.recorded.size > MAX_REMEMBERED) this.recorded.delete(oldest);
  }

  lost(callSid: string): void {
    this.recorded.delete(callSid);
  }

  /** Whether this process records the call, or has recorded it. */
  has(callSid: string): boolean {
    return this.recorded.has(callSid);
  }

  /** Opens the tape of a call. `undefined` if there is none in the folder. */
  async open(callSid: string): Promise<OpenedTape | undefined> {
    if (!/^[A-Za-z0-9]{1,64}$/.test(callSid)) return undefined;
    const path = this.pathOf(callSid);
    // Not through a link, which may lead out of the folder.
    const file = await open(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0)).catch(() => undefined);
    if (file === undefined) return undefined;
    const opened = await openedTape(file, path, callSid).catch(() => undefined);
    if (opened === undefined) await file.close();
    return opened;
  }

  /** Whether there is a tape of a call in the folder, also of another process. */
  async isKept(callSid: string): Promise<boolean> {
    const tape = await this.open(callSid);
    await tape?.close();
    return tape !== undefined;
  }
}

/** Other files may lie in the folder. `undefined` if it is not the tape of this call. */
async function openedTape(file: FileHandle, path: string, callSid: string): Promise<OpenedTape | undefined> {
  const text = async (from: number, length: number): Promise<string> => {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, from);
    return buffer.toString('utf8', 0, bytesRead);
  };
  if (!(await file.stat()).isFile()) return undefined;
  const head = await text(0, HEAD_BYTES);
  if (!head.startsWith(HEAD) || !head.includes(`"callSid":"${callSid}"`)) return undefined;
  // Only now, because a tape that has just begun may have been empty a moment ago.
  const { size: sizeBytes } = await file.stat();
  const end = await text(Math.max(0, sizeBytes - END_BYTES), END_BYTES);
  return {
    path,
    sizeBytes,
    isWhole: end.trimEnd().split('\n').at(-1)?.startsWith(END) === true,
    read: () => file.createReadStream({ start: 0, end: sizeBytes - 1, autoClose: false }),
    close: () => file.close(),
  };
}
