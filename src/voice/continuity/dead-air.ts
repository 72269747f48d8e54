import { SILENCE_BUDGET } from '../../base/silence-budget.js';
import type { Clock, Timer } from '../../base/clock.js';

/** Two sessions that stall one after the other, and the tries between: after that no model is left, and a human goes on. */
const MOST_TIMES = 5;
const LOOK_EVERY_MS = 200;

interface Waiting {
  timer: Timer;
  /** Nothing has been heard since then. */
  quietSinceMs: number;
  /** Something plays since then. */
  playingSinceMs: number | undefined;
  /** When they are told next, unless something is heard before. */
  dueMs: number;
  times: number;
  lastAudioMs: number | undefined;
}

/**
 * Measures how long a caller who is owed something hears nothing, whichever model is to speak, and whatever becomes of its
 * sessions meanwhile. Signs of life that the caller does not hear do not count.
 */
export class DeadAirMonitor {
  private readonly clock: Clock;
  private readonly isPlaying: () => boolean;
  private readonly onLong: () => void;
  private waiting: Waiting | undefined;

  /** `isPlaying`: the caller hears something now. `onLong`: they have waited long, a few times at most in one wait. */
  constructor(options: { clock: Clock; isPlaying: () => boolean; onLong: () => void }) {
    this.clock = options.clock;
    this.isPlaying = options.isPlaying;
    this.onLong = options.onLong;
  }

  /** The caller is owed something since `sinceMs`; one who waits already goes on waiting. */
  begin(sinceMs = this.clock.now()): void {
    if (this.waiting !== undefined) return;
    const timer = this.lookLater();
    const dueMs = Math.max(
      sinceMs + SILENCE_BUDGET.oneMomentAfterMs,
      this.clock.now() + SILENCE_BUDGET.oneMomentGraceMs,
    );
    this.waiting = { timer, quietSinceMs: sinceMs, playingSinceMs: undefined, dueMs, times: 0, lastAudioMs: undefined };
  }

  /** They have been answered, or speak themselves. */
  end(): void {
    this.waiting?.timer.cancel();
    this.waiting = undefined;
  }

  /** So long they have heard nothing, in milliseconds; 0: they wait for nothing, or hear something. */
  get quietMs(): number {
    const { waiting } = this;
    return waiting === undefined || this.isHeard(waiting) ? 0 : this.clock.now() - waiting.quietSinceMs;
  }

  /** A piece of the answer was sent to them. */
  audioSent(): void {
    if (this.waiting !== undefined) this.waiting.lastAudioMs = this.clock.now();
  }

  /** Whoever was to answer is gone. */
  lost(): void {
    const { waiting } = this;
    if (waiting === undefined || waiting.times > 0) return;
    waiting.dueMs = Math.min(waiting.dueMs, this.clock.now() + SILENCE_BUDGET.oneMomentAfterLossMs);
  }

  private isHeard({ playingSinceMs = Number.POSITIVE_INFINITY }: Waiting): boolean {
    return this.isPlaying() && this.clock.now() - playingSinceMs >= SILENCE_BUDGET.audibleAfterMs;
  }

  private lookLater(): Timer {
    return this.clock.setTimer(LOOK_EVERY_MS, () => this.look());
  }

  private look(): void {
    const { waiting } = this;
    if (waiting === undefined) return;
    waiting.timer = this.lookLater();
    const nowMs = this.clock.now();
    if (this.isPlaying()) {
      waiting.playingSinceMs ??= nowMs;
      if (this.isHeard(waiting)) waiting.quietSinceMs = nowMs;
      const { lastAudioMs, times } = waiting;
      const hasBrokenOff = lastAudioMs !== undefined && nowMs - lastAudioMs >= SILENCE_BUDGET.oneMomentAfterMs;
      waiting.dueMs =
        nowMs +
        (hasBrokenOff
          ? SILENCE_BUDGET.oneMomentAfterBreakMs
          : times > 0
            ? SILENCE_BUDGET.oneMomentAgainMs
            : SILENCE_BUDGET.oneMomentAfterMs);
      return;
    }
    waiting.playingSinceMs = undefined;
    if (nowMs < waiting.dueMs || waiting.times >= MOST_TIMES) return;
    waiting.times++;
    waiting.dueMs = nowMs + SILENCE_BUDGET.oneMomentAgainMs;
    waiting.lastAudioMs = undefined;
    this.onLong();
  }
}
