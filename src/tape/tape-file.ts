import { type FileHandle, open } from 'node:fs/promises';
import type { Clock, Timer } from '../base/clock.js';
import type { LineSink } from './call-tape.js';

/** Delay before lines are written, so that many are written at once. */
const WRITE_AFTER_MS = 250;
/** Maximum number of characters that wait for the disk. Then the tape is given up. */
const MAX_WAITING_CHARACTERS = 8 * 1024 * 1024;
/** Maximum size of a tape, some hours of a call. */
const MAX_CHARACTERS = 2 * 1024 * 1024 * 1024;

/** The file of a tape. A disk that is full, slow or gone costs the tape, and nothing of the call. */
export class TapeFile implements LineSink {
  private readonly path: string;
  private readonly clock: Clock;
  private readonly onLost: (error: Error) => void;
  private waiting: string[] = [];
  private waitingCharacters = 0;
  private characters = 0;
  private isLost = false;
  private timer: Timer | undefined;
  private file: Promise<FileHandle | undefined>;
  private writing: Promise<void> = Promise.resolve();

  /** `onLost`: called once if the tape cannot be written. */
  constructor(options: { path: string; clock: Clock; onLost: (error: Error) => void }) {
    this.path = options.path;
    this.clock = options.clock;
    this.onLost = options.onLost;
    // Not over an older tape, and only for the owner.
    this.file = open(options.path, 'wx', 0o600).catch((error: unknown) => {
      this.lose(error);
      return undefined;
    });
  }

  write(line: string): void {
    if (this.isLost) return;
    this.waiting.push(line);
    this.waitingCharacters += line.length + 1;
    this.characters += line.length + 1;
    if (this.waitingCharacters > MAX_WAITING_CHARACTERS) this.lose(new Error('the disk is too slow'));
    else if (this.characters > MAX_CHARACTERS) this.lose(new Error('the tape is too long'));
    else this.timer ??= this.clock.setTimer(WRITE_AFTER_MS, () => this.flush());
  }

  async end(line: string): Promise<void> {
    this.write(line);
    this.flush();
    await this.writing;
    await (await this.file)?.close().catch((error: unknown) => this.lose(error));
  }

  private flush(): void {
    this.timer?.cancel();
    this.timer = undefined;
    this.writing = this.writing.then(async () => {
      if (this.waiting.length === 0 || this.isLost) return;
      const text = `${this.waiting.join('\n')}\n`;
      this.waiting = [];
      try {
        await (await this.file)?.appendFile(text);
      } catch (error) {
        this.lose(error);
      } finally {
        // Only now, so that what a slow disk has not taken counts.
        this.waitingCharacters = Math.max(0, this.waitingCharacters - text.length);
      }
    });
  }

  lose(error: unknown): void {
    if (this.isLost) return;
    this.isLost = true;
    this.waiting = [];
    this.timer?.cancel();
    this.onLost(error instanceof Error ? error : new Error('unknown'));
  }
}
