import type { Clock, Timer } from '../../base/clock.js';

export interface StallWatchOptions {
  clock: Clock;
  /** Maximum time without a message while the service owes something. */
  patienceMs: number;
  /** Returns whether the service owes something. */
  isExpecting(): boolean;
  /** Called to ask for a sign of life, after the same time without a message although nothing was owed. */
  onProbe(): void;
  onStall(): void;
}

/**
 * Notices a service that keeps the connection open and sends nothing. The service itself reports the caller's speech,
 * so a deaf service looks like a silent caller. That is why it is probed now and then.
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

  /** Called for every message, so it must be cheap. */
  came(): void {
    this.sinceMs = this.options.clock.now();
    this.isProbing = false;
  }

  /** Called when something was requested. The wait begins here. */
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
