import type { Clock } from '../../src/base/clock.js';
import type { Paint } from '../../src/base/terminal.js';

/** The sides that a person listens to. */
const SPEAKING: ReadonlySet<string> = new Set(['caller', 'assistant', 'agent', 'hears']);

/** Prints the events of a call as they happen, with time, side and text. */
export class Timeline {
  private readonly clock: Clock;
  private readonly write: (line: string) => void;
  private readonly paint: Paint;
  private startedMs: number | undefined;

  constructor(clock: Clock, write: (line: string) => void, paint: Paint = (_colour, text) => text) {
    this.clock = clock;
    this.write = write;
    this.paint = paint;
  }

  note(side: string, what: string): void {
    this.startedMs ??= this.clock.now();
    const seconds = (this.clock.now() - this.startedMs) / 1000;
    const minutes = Math.floor(seconds / 60);
    const time = `${String(minutes).padStart(2, '0')}:${(seconds - minutes * 60).toFixed(1).padStart(4, '0')}`;
    const name = side.padEnd(10);
    this.write(`${this.paint('dim', time)}  ${SPEAKING.has(side) ? this.paint('bold', name) : name} ${what}`);
  }

  block(text: string): void {
    this.write(text);
  }
}
