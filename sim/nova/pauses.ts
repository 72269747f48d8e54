import type { Clock, Timer } from '../../src/base/clock.js';

/** Waits that can all be ended early at once. */
export class Pauses {
  private readonly clock: Clock;
  private readonly pending = new Map<() => void, Timer>();

  constructor(clock: Clock) {
    this.clock = clock;
  }

  /** Resolves after `delayMs`, or earlier through {@link endAll}. */
  wait(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.clock.setTimer(delayMs, () => {
        this.pending.delete(resolve);
        resolve();
      });
      this.pending.set(resolve, timer);
    });
  }

  endAll(): void {
    const pending = [...this.pending];
    this.pending.clear();
    for (const [resolve, timer] of pending) {
      timer.cancel();
      resolve();
    }
  }
}
