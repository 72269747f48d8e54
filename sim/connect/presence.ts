import type { Clock, Timer } from '../../src/base/clock.js';

/** Whether the other side is still on the call, and all waits that end when it leaves. */
export class Presence {
  private readonly clock: Clock;
  private readonly waiting = new Map<() => void, Timer>();
  private gone = false;
  private join: () => void = () => undefined;
  private end: () => void = () => undefined;
  /** Resolves when the caller is bridged with this leg or has hung up. */
  readonly bridged: Promise<void>;
  /** Resolves when the other side has left. */
  readonly left: Promise<void>;

  constructor(clock: Clock) {
    this.clock = clock;
    this.bridged = new Promise((resolve) => {
      this.join = resolve;
    });
    this.left = new Promise((resolve) => {
      this.end = resolve;
    });
  }

  get isGone(): boolean {
    return this.gone;
  }

  bridge(): void {
    this.join();
  }

  leave(): void {
    this.gone = true;
    this.join();
    this.end();
    for (const [wake, timer] of this.waiting) {
      timer.cancel();
      wake();
    }
    this.waiting.clear();
  }

  /** Resolves after `delayMs`, or at once when the other side leaves. */
  pause(delayMs: number): Promise<void> {
    if (this.gone) return Promise.resolve();
    return new Promise((wake) => {
      const timer = this.clock.setTimer(delayMs, () => {
        this.waiting.delete(wake);
        wake();
      });
      this.waiting.set(wake, timer);
    });
  }
}
