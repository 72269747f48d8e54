import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import type { TapeToSend } from './tapes.js';

/**
 * Writes the tape `input` without its people to `output`, in a process of its own, because that takes as long as a replay.
 * `cannot`: the tape cannot be scrubbed.
 */
export type ScrubTape = (input: string, output: string, signal: AbortSignal) => Promise<'done' | 'cannot'>;

/** Maximum size of a tape that is scrubbed beside calls, some sixteen minutes of talk. It takes many times as much memory. */
const MAX_BYTES = 64 * 1024 * 1024;

/** `busy`: another tape is being scrubbed. `impossible`: it is not whole, too long, or goes differently each time. */
export type NoScrubbedTape = 'busy' | 'impossible';

/** A scrubbed tape. Closing it removes its file. */
export interface ScrubbedTape {
  readonly sizeBytes: number;
  read(): Readable;
  close(): Promise<void>;
}

/** Scrubs the tapes of calls, one at a time. */
export class ScrubbedTapes {
  private readonly scrub: ScrubTape;
  private isBusy = false;

  constructor(scrub: ScrubTape) {
    this.scrub = scrub;
  }

  /** `signal`: nobody waits for it any more. */
  async make(tape: TapeToSend, signal: AbortSignal): Promise<ScrubbedTape | NoScrubbedTape> {
    if (!tape.isWhole || tape.sizeBytes > MAX_BYTES) return 'impossible';
    if (this.isBusy) return 'busy';
    this.isBusy = true;
    const folder = await mkdtemp(join(tmpdir(), 'tandem-scrub-'));
    const remove = (): Promise<void> => rm(folder, { recursive: true, force: true });
    try {
      const output = join(folder, 'scrubbed.jsonl');
      if ((await this.scrub(tape.path, output, signal)) !== 'done') {
        await remove();
        return 'impossible';
      }
      const file = await open(output);
      const { size: sizeBytes } = await file.stat();
      return {
        sizeBytes,
        read: () => file.createReadStream({ autoClose: false }),
        close: async () => {
          await file.close();
          await remove();
        },
      };
    } catch (error) {
      await remove();
      throw error;
    } finally {
      this.isBusy = false;
    }
  }
}
