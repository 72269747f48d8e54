import type { Clock, Timer } from '../../src/base/clock.js';

/** Length of one media frame, in milliseconds of call time and in bytes of mu-law. */
export const FRAME_MS = 20;
export const FRAME_BYTES = 160;

/**
 * One clock tick for all calls of a carrier. It calls every listener once for each 20 ms of call time, without drift.
 * With `speed` 10, call time runs ten times faster than the clock.
 */
export class Ticker {
  private readonly clock: Clock;
  private readonly periodMs: number;
  private readonly listeners = new Set<() => void>();
  private nextMs = 0;
  private timer: Timer | undefined;

  constructor(clock: Clock, speed: number) {
    this.clock = clock;
    this.periodMs = FRAME_MS / speed;
  }

  /** Adds a listener. Returns a function that removes it. */
  add(listener: () => void): () => void {
    this.listeners.add(listener);
    if (this.timer === undefined) {
      this.nextMs = this.clock.now() + this.periodMs;
      this.schedule();
    }
    return () => {
      this.listeners.delete(listener);
    };
  }

  /**
   * Runs the ticks that are due but late because the process was busy. Call this before any action at a moment of the
   * call, because a telephone network plays on while our event loop is late.
   */
  catchUp(): void {
    if (this.timer === undefined) return;
    while (this.listeners.size > 0 && this.clock.now() >= this.nextMs) {
      this.nextMs += this.periodMs;
      for (const listener of this.listeners) listener();
    }
  }

  stop(): void {
    this.timer?.cancel();
    this.timer = undefined;
    this.listeners.clear();
  }

  private schedule(): void {
    this.timer = this.clock.setTimer(Math.max(0, this.nextMs - this.clock.now()), () => this.beat());
  }

  private beat(): void {
    this.catchUp();
    if (this.listeners.size === 0) this.timer = undefined;
    else this.schedule();
  }
}
