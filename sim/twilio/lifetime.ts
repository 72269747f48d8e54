import type { Clock } from '../../src/base/clock.js';

/**
 * How long a call, script or leg lasts. Everything that waits within it stops waiting when it ends. Waits are in call
 * time.
 */
export class Lifetime {
  private readonly clock: Clock;
  private readonly speed: number;
  private readonly listeners = new Set<() => void>();
  private over = false;

  constructor(clock: Clock, speed: number) {
    this.clock = clock;
    this.speed = speed;
  }

  get isOver(): boolean {
    return this.over;
  }

  /** Calls `listener` at the end, or at once if that has passed. Returns a function that removes the listener. */
  onEnd(listener: () => void): () => void {
    if (this.over) {
      listener();
      return () => undefined;
    }
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  end(): void {
    if (this.over) return;
    this.over = true;
    for (const listener of Array.from(this.listeners)) listener();
    this.listeners.clear();
  }

  /** Waits for `callMs` of call time. Resolves early, with false, if this lifetime ends. */
  pass(callMs: number): Promise<boolean> {
    if (this.over) return Promise.resolve(false);
    return new Promise((resolve) => {
      const timer = this.clock.setTimer(callMs / this.speed, () => {
        forget();
        resolve(true);
      });
      const forget = this.onEnd(() => {
        timer.cancel();
        resolve(false);
      });
    });
  }
}
