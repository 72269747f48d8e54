import type { Clock, Timer } from '../../src/base/clock.js';

/** Length of one media frame: milliseconds of call time, and bytes of mu-law. */
export const FRAME_MS = 20;
export const FRAME_BYTES = 160;

/**
 * One beat for all calls of a carrier: every listener is called once for each 20 ms of call time, without drift.
 * `speed` 10 makes call time run ten times faster than the clock.
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

  /** Gives a function that takes the listener out again. */
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
   * Makes up for beats that are due and have not come yet because the process was busy. Whoever acts at a moment of the
   * call does this first: a telephone network plays on while our event loop is late.
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
