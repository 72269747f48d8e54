import type { Clock, Timer } from '../../base/clock.js';

export interface StallWatchOptions {
  clock: Clock;
  /** So long may nothing come while something is expected. */
  patienceMs: number;
  /** The service owes something. */
  isExpecting(): boolean;
  /** Nothing came for so long although nothing was owed: asks for a sign of life. */
  onProbe(): void;
  onStall(): void;
}

/**
 * Notices a service that keeps the connection up and sends nothing. The caller's speech is reported by the service
 * itself, so one that has gone deaf looks like a caller who is silent; that is why it is asked now and then.
 */
export class StallWatch {
  private readonly options: StallWatchOptions;
  private timer: Timer;
  private sinceMs: number;
  private isProbing = false;

  constructor(options: StallWatchOptions) {
    this.options = options;
    this.sinceMs = options.clock.now();
    this.timer = this.watch(options.patienceMs);
  }

  /** A message came. Cheap enough for every one. */
  came(): void {
    this.sinceMs = this.options.clock.now();
    this.isProbing = false;
  }

  /** Something was asked for: waiting begins here. */
  asked(): void {
    this.sinceMs = this.options.clock.now();
  }

  close(): void {
    this.timer.cancel();
  }

  private watch(delayMs: number): Timer {
    return this.options.clock.setTimer(delayMs, () => this.onTimer());
  }

  private onTimer(): void {
    const { clock, patienceMs } = this.options;
    const leftMs = this.sinceMs + patienceMs - clock.now();
    if (leftMs > 0) {
      this.timer = this.watch(leftMs);
    } else if (this.isProbing || this.options.isExpecting()) {
      this.options.onStall();
    } else {
      this.isProbing = true;
      this.asked();
      this.timer = this.watch(patienceMs);
      this.options.onProbe();
    }
  }
}
