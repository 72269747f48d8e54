import type { Clock, Timer } from '../../base/clock.js';

/** Reports when nothing has happened for a while. It uses one timer, and not one for every event. */
export class ProgressWatch {
  private readonly clock: Clock;
  private readonly limitMs: number;
  private readonly onSilent: () => void;
  private timer: Timer | undefined;
  private dueMs = 0;
  private timerMs = 0;
  private isStopped = false;

  constructor(options: { clock: Clock; limitMs: number; onSilent: () => void }) {
    this.clock = options.clock;
    this.limitMs = options.limitMs;
    this.onSilent = options.onSilent;
  }

  /** Called when something happened. Starts the watch if it is not running. `limitMs` holds until the next call. */
  progress(limitMs = this.limitMs): void {
    this.dueMs = this.clock.now() + limitMs;
    if (this.isStopped || (this.timer !== undefined && this.timerMs <= this.dueMs)) return;
    this.timer?.cancel();
    this.wait(limitMs);
  }

  /** Stops the watch for good. */
  stop(): void {
    this.isStopped = true;
    this.timer?.cancel();
    this.timer = undefined;
  }

  private wait(delayMs: number): void {
    this.timerMs = this.clock.now() + delayMs;
    this.timer = this.clock.setTimer(delayMs, () => {
      this.timer = undefined;
      const leftMs = this.dueMs - this.clock.now();
      if (leftMs > 0) this.wait(leftMs);
      else this.onSilent();
    });
  }
}
