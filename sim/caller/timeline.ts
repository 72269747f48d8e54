import type { Clock } from '../../src/base/clock.js';

/** Prints the events of a call as they happen, with time, side and text. */
export class Timeline {
  private readonly clock: Clock;
  private readonly write: (line: string) => void;
  private startedMs: number | undefined;

  constructor(clock: Clock, write: (line: string) => void) {
    this.clock = clock;
    this.write = write;
  }

  note(side: string, what: string): void {
    this.startedMs ??= this.clock.now();
    const seconds = (this.clock.now() - this.startedMs) / 1000;
    const minutes = Math.floor(seconds / 60);
    const time = `${String(minutes).padStart(2, '0')}:${(seconds - minutes * 60).toFixed(1).padStart(4, '0')}`;
    this.write(`${time}  ${side.padEnd(10)} ${what}`);
  }

  block(text: string): void {
    this.write(text);
  }
}
