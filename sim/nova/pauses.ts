import type { Clock, Timer } from '../../src/base/clock.js';

/** Waits that end early, all at once. */
export class Pauses {
  private readonly clock: Clock;
  private readonly pending = new Map<() => void, Timer>();

  constructor(clock: Clock) {
    this.clock = clock;
  }

  /** Resolves after `delayMs`, or when the waits are ended. */
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
