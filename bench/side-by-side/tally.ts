import { monotonicMs } from '../support/monotonic.js';
import { type Spread, spreadOf } from '../support/quantile.js';
import { readStamp } from './stamp.js';

/** What the load has counted since the last {@link Tally.reset}. Times are in milliseconds. */
export interface Report {
  /** From the carrier's write of a frame until the model has it. */
  upMs: Spread;
  /** From the model's write of a piece until the carrier has it. */
  downMs: Spread;
  /** Frames and pieces that were sent, and those that arrived. */
  sent: number;
  arrived: number;
  /** How late the load sent its frames, p99. */
  lateMs: number;
  /** Calls that are open. */
  calls: number;
  /** Calls that the other end has closed, and messages that had no stamp where one was expected. */
  lost: number;
  unreadable: number;
}

/** Maximum number of samples kept. Further ones overwrite the oldest. */
const CAPACITY = 1 << 19;

/** The counts of the load, on its one clock. */
export class Tally {
  frames = 0;
  spoken = 0;
  lost = 0;
  calls = 0;
  private unreadable = 0;
  private readonly up = new Samples();
  private readonly down = new Samples();
  private readonly late = new Samples();

  /** A frame has reached the model. Its audio begins at `at`. */
  heard(message: Buffer, at: number): void {
    this.note(this.up, message, at);
  }

  /** A piece has reached the carrier. */
  played(message: Buffer, at: number): void {
    this.note(this.down, message, at);
  }

  sentLate(ms: number): void {
    this.frames++;
    this.late.add(ms);
  }

  reset(): void {
    this.frames = 0;
    this.spoken = 0;
    this.unreadable = 0;
    for (const samples of [this.up, this.down, this.late]) samples.clear();
  }

  get report(): Report {
    return {
      upMs: spreadOf(this.up.kept),
      downMs: spreadOf(this.down.kept),
      sent: this.frames + this.spoken,
      arrived: this.up.count + this.down.count,
      lateMs: spreadOf(this.late.kept).p99,
      calls: this.calls,
      lost: this.lost,
      unreadable: this.unreadable,
    };
  }

  private note(samples: Samples, message: Buffer, at: number): void {
    const sentMs = readStamp(message, at);
    if (Number.isNaN(sentMs)) this.unreadable++;
    else samples.add(monotonicMs() - sentMs);
  }
}

class Samples {
  count = 0;
  private readonly values = new Float64Array(CAPACITY);

  add(value: number): void {
    this.values[this.count++ % CAPACITY] = value;
  }

  clear(): void {
    this.count = 0;
  }

  get kept(): Float64Array {
    return this.values.subarray(0, Math.min(this.count, CAPACITY));
  }
}
