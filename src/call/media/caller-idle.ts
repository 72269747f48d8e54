import { SILENCE_BUDGET } from '../../base/silence-budget.js';
import type { Clock, Timer } from '../../base/clock.js';

// Notices a caller who has gone silent, so that the call can ask whether they are still there.

/** Maximum time a caller speaks without a breath. After it, the event for the end of their speech was missed. */
const MAX_SPEECH_MS = 60_000;
/** Maximum number of times one line is repeated. By then another model has taken over, or no model is left. */
const MAX_REPEATS = 5;

/** Maximum silence that counts as a wait for an answer. After it, the answer was forgotten. */
const MAX_WAIT_MS = 45_000;

const NO_TIMER: Timer = { cancel: () => undefined };

/**
 * `busy`: the assistant is speaking or working. `caller-speaking`: the caller is. `quiet`: neither is, and the idle
 * timer runs.
 */
type State =
  { name: 'busy' } | { name: 'caller-speaking'; timer: Timer } | { name: 'quiet'; timer: Timer } | { name: 'closed' };

/**
 * Calls back when the caller stays silent. The time counts from when the caller last *heard* something, as the playback
 * ledger reports it, because audio that was sent may still be playing.
 */
export class CallerIdleTimer {
  private readonly clock: Clock;
  private readonly afterMs: number;
  private readonly waitsMs: () => number;
  private readonly onIdle: (times: number) => void;
  private readonly onBack: () => void;
  private state: State = { name: 'busy' };
  /** How many times in a row the caller was found silent. */
  private times = 0;
  private isAnswered = true;
  /** The last line to the silent caller was not heard and has to be repeated. */
  private isRepeatDue = false;
  private repeats = 0;
  private startCount = 0;

  /**
   * `afterMs`: delay before the caller counts as silent. 0 turns the timer off.
   *
   * `waitsMs`: how long the caller has been waiting for an answer in silence; 0 if they are not. Such a caller is not silent.
   *
   * `onIdle`: called with the number of silences in a row, from 1. The timer restarts when the caller has heard what is
   * said to them then. It also restarts if nothing is said.
   *
   * `onBack`: called when a silent caller speaks again or presses a key.
   */
  constructor(options: {
    clock: Clock;
    afterMs: number;
    waitsMs?: () => number;
    onIdle: (times: number) => void;
    onBack?: () => void;
  }) {
    this.clock = options.clock;
    this.afterMs = options.afterMs;
    this.waitsMs = options.waitsMs ?? (() => 0);
    this.onIdle = options.onIdle;
    this.onBack = options.onBack ?? (() => undefined);
  }

  /**
   * Starts the timer on a stream that begins in silence. It fires early, because the caller's last words may have been
   * lost while there was no stream. That gap lasted `gapMs`.
   */
  beginQuiet(gapMs: number): void {
    const afterMs = Math.max(SILENCE_BUDGET.quietResumeListenMs, SILENCE_BUDGET.quietResumeMs - gapMs);
    if (this.state.name === 'busy') this.enterQuiet(Math.min(this.afterMs, afterMs));
  }

  /** The line to the silent caller broke off or never came. It is due again soon, at most {@link MAX_REPEATS} times. */
  unsaid(): void {
    if (this.isRepeatDue || this.times === 0 || this.repeats >= MAX_REPEATS) return;
    this.isRepeatDue = true;
    this.times--;
    if (this.state.name !== 'caller-speaking') this.enterQuiet();
  }

  callerSpeechStarted(): void {
    this.startCount++;
    this.endSilence();
    this.isRepeatDue = false;
    this.repeats = 0;
    this.isAnswered = false;
    const timer = this.timer(MAX_SPEECH_MS, () => this.enterQuiet());
    this.enter({ name: 'caller-speaking', timer });
  }

  callerSpeechStopped(): void {
    if (this.state.name === 'caller-speaking') this.enterQuiet();
  }

  /** The caller gave a sign of life: transcribed words or a key. */
  callerActive(): void {
    this.endSilence();
    if (this.state.name === 'quiet') this.enterQuiet();
  }

  /** The assistant speaks, or works on something. */
  assistantBusy(): void {
    this.isAnswered = true;
    this.isRepeatDue = false;
    if (this.state.name === 'quiet') this.enter({ name: 'busy' });
  }

  /** The caller has heard everything that was sent. */
  playoutEnded(): void {
    if (this.state.name !== 'caller-speaking') this.enterQuiet();
  }

  close(): void {
    this.enter({ name: 'closed' });
  }

  /** Whether neither side speaks and the assistant works on nothing. */
  get isQuiet(): boolean {
    return this.state.name === 'quiet';
  }

  /** Whether the caller has spoken and the assistant has not reacted yet. */
  get awaitsAnswer(): boolean {
    return !this.isAnswered;
  }

  /** How many times the caller has begun to speak. */
  get speechStarts(): number {
    return this.startCount;
  }

  private endSilence(): void {
    const wasSilent = this.times > 0;
    this.times = 0;
    if (wasSilent) this.onBack();
  }

  private enterQuiet(afterMs = this.isRepeatDue ? SILENCE_BUDGET.unsaidAgainMs : this.afterMs): void {
    const timer = this.timer(afterMs, () => {
      const waitsMs = this.waitsMs();
      if (!this.isRepeatDue && waitsMs > 0 && waitsMs < MAX_WAIT_MS) {
        this.enterQuiet();
        return;
      }
      this.repeats = this.isRepeatDue ? this.repeats + 1 : 0;
      this.isRepeatDue = false;
      // Restarts before `onIdle`, because what the owner says there makes the state busy. If nothing is said, the timer
      // runs.
      this.enterQuiet();
      this.onIdle(++this.times);
    });
    this.enter({ name: 'quiet', timer });
  }

  private timer(delayMs: number, callback: () => void): Timer {
    return this.afterMs === 0 ? NO_TIMER : this.clock.setTimer(delayMs, callback);
  }

  private enter(next: State): void {
    if ('timer' in this.state) this.state.timer.cancel();
    if (this.state.name !== 'closed') this.state = next;
    else if ('timer' in next) next.timer.cancel();
  }
}
