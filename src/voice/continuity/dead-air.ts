import { SILENCE_BUDGET } from '../../base/silence-budget.js';
import type { Clock, Timer } from '../../base/clock.js';

/**
 * Maximum number of "one moment" lines in one wait. It covers two sessions that stall one after the other, and the
 * tries between them; after that no model is left and the call goes to an agent.
 */
const MAX_LINES = 5;
/** How often the monitor looks whether something is playing. */
const POLL_MS = 200;

interface Waiting {
  timer: Timer;
  /** When the caller last heard something. */
  quietSinceMs: number;
  /** When the current playout began; `undefined` while nothing is playing. */
  playingSinceMs: number | undefined;
  /** When the next line is due, unless the caller hears something before. */
  dueMs: number;
  /** Number of lines in this wait so far. */
  lines: number;
  /** When the last audio of the answer was sent; `undefined` if there was none since the last line. */
  lastAudioMs: number | undefined;
}

/**
 * Measures dead air: how long a caller who is owed something hears nothing. It is the same wait whichever model has to
 * speak and whatever becomes of its sessions. Signs of life that the caller does not hear do not count.
 */
export class DeadAirMonitor {
  private readonly clock: Clock;
  private readonly isPlaying: () => boolean;
  private readonly onDeadAir: () => void;
  private waiting: Waiting | undefined;

  /**
   * `isPlaying` returns whether something is playing to the caller. `onDeadAir` is called when the silence has become
   * too long, at most {@link MAX_LINES} times in one wait.
   */
  constructor(options: { clock: Clock; isPlaying: () => boolean; onDeadAir: () => void }) {
    this.clock = options.clock;
    this.isPlaying = options.isPlaying;
    this.onDeadAir = options.onDeadAir;
  }

  /** Begins a wait in which the caller has heard nothing since `sinceMs`. A wait that is running already continues. */
  begin(sinceMs = this.clock.now()): void {
    if (this.waiting !== undefined) return;
    const timer = this.pollLater();
    const dueMs = Math.max(
      sinceMs + SILENCE_BUDGET.oneMomentAfterMs,
      this.clock.now() + SILENCE_BUDGET.oneMomentGraceMs,
    );
    this.waiting = { timer, quietSinceMs: sinceMs, playingSinceMs: undefined, dueMs, lines: 0, lastAudioMs: undefined };
  }

  /** Ends the wait: the caller was answered, or is speaking. */
  end(): void {
    this.waiting?.timer.cancel();
    this.waiting = undefined;
  }

  /**
   * How long the caller has heard nothing, in milliseconds. 0 if they wait for nothing, or hear something now. At least 1 if
   * they wait, so that a wait is not taken for none in the moment it begins.
   */
  get quietMs(): number {
    const { waiting } = this;
    return waiting === undefined || this.isHeard(waiting) ? 0 : Math.max(1, this.clock.now() - waiting.quietSinceMs);
  }

  /** Called when a piece of the answer was sent to the caller. */
  audioSent(): void {
    if (this.waiting !== undefined) this.waiting.lastAudioMs = this.clock.now();
  }

  /** Called when the session that owed the answer is lost. The first line of a wait then comes sooner. */
  lost(): void {
    const { waiting } = this;
    if (waiting === undefined || waiting.lines > 0) return;
    waiting.dueMs = Math.min(waiting.dueMs, this.clock.now() + SILENCE_BUDGET.oneMomentAfterLossMs);
  }

  private isHeard({ playingSinceMs = Number.POSITIVE_INFINITY }: Waiting): boolean {
    return this.isPlaying() && this.clock.now() - playingSinceMs >= SILENCE_BUDGET.audibleAfterMs;
  }

  private pollLater(): Timer {
    return this.clock.setTimer(POLL_MS, () => this.poll());
  }

  /** How long after a sound the next line is due, if the caller hears no more. */
  private delayAfterSound({ lastAudioMs, lines }: Waiting): number {
    // What plays is a line of this wait.
    if (lastAudioMs === undefined && lines > 0) return SILENCE_BUDGET.oneMomentAgainMs;
    const hasBrokenOff = lastAudioMs !== undefined && this.clock.now() - lastAudioMs >= SILENCE_BUDGET.oneMomentAfterMs;
    return hasBrokenOff ? SILENCE_BUDGET.oneMomentAfterBreakMs : SILENCE_BUDGET.oneMomentAfterMs;
  }

  private poll(): void {
    const { waiting } = this;
    if (waiting === undefined) return;
    waiting.timer = this.pollLater();
    const nowMs = this.clock.now();
    if (this.isPlaying()) {
      waiting.playingSinceMs ??= nowMs;
      if (this.isHeard(waiting)) waiting.quietSinceMs = nowMs;
      waiting.dueMs = nowMs + this.delayAfterSound(waiting);
      return;
    }
    waiting.playingSinceMs = undefined;
    if (nowMs < waiting.dueMs || waiting.lines >= MAX_LINES) return;
    waiting.lines++;
    waiting.dueMs = nowMs + SILENCE_BUDGET.oneMomentAgainMs;
    waiting.lastAudioMs = undefined;
    this.onDeadAir();
  }
}
