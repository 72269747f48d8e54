import type { Clock } from '../../base/clock.js';

/** Maximum audio on its way to the caller before an answer pauses. An interruption throws away what is ahead. */
const MAX_AHEAD_MS = 15_000;
/** The answer continues once so much is left to hear. It covers the slowest sentence and a busy machine. */
const CONTINUE_AT_MS = 10_000;

/** Keeps an answer from running far ahead of what the caller hears. Counts audio by the clock, as the caller hears it. */
export class SpeechPace {
  private readonly clock: Clock;
  /** When the caller will have heard everything that was sent. */
  private heardAtMs = 0;

  constructor(clock: Clock) {
    this.clock = clock;
  }

  sent(durationMs: number): void {
    this.heardAtMs = Math.max(this.heardAtMs, this.clock.now()) + durationMs;
  }

  /** Called when the owner throws away what is playing. */
  cleared(): void {
    this.heardAtMs = 0;
  }

  /** Resolves when the next sentence is due, and at once if `signal` aborts. */
  async untilDue(signal: AbortSignal): Promise<void> {
    const aheadMs = this.heardAtMs - this.clock.now();
    if (aheadMs <= MAX_AHEAD_MS || signal.aborted) return;
    await new Promise<void>((resolve) => {
      const end = (): void => {
        timer.cancel();
        signal.removeEventListener('abort', end);
        resolve();
      };
      const timer = this.clock.setTimer(aheadMs - CONTINUE_AT_MS, end);
      signal.addEventListener('abort', end);
    });
  }
}
