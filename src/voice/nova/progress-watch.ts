import type { Clock, Timer } from '../../base/clock.js';

/** Tells when nothing has happened for a while. One timer for the whole time, not one for every event. */
export class ProgressWatch {
  private readonly clock: Clock;
  private readonly limitMs: number;
  private readonly onSilent: () => void;
  private timer: Timer | undefined;
  private progressMs = 0;
  private isStopped = false;

  constructor(options: { clock: Clock; limitMs: number; onSilent: () => void }) {
    this.clock = options.clock;
    this.limitMs = options.limitMs;
    this.onSilent = options.onSilent;
  }

  /** Something happened; begins to watch if it was not. */
  progress(): void {
    this.progressMs = this.clock.now();
    if (this.timer === undefined && !this.isStopped) this.wait(this.limitMs);
  }

  /** For good. */
  stop(): void {
    this.isStopped = true;
    this.timer?.cancel();
    this.timer = undefined;
  }

  private wait(delayMs: number): void {
    this.timer = this.clock.setTimer(delayMs, () => {
      this.timer = undefined;
      const leftMs = this.progressMs + this.limitMs - this.clock.now();
      if (leftMs > 0) this.wait(leftMs);
      else this.onSilent();
    });
  }
}
