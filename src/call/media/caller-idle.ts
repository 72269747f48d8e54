import { SILENCE_BUDGET } from '../../base/silence-budget.js';
import type { Clock, Timer } from '../../base/clock.js';

/**
 * `busy`: the assistant speaks, or works on something. `caller`: the caller speaks. `quiet`: nobody does, and the time
 * runs.
 */
type State = { name: 'busy' } | { name: 'caller'; timer: Timer } | { name: 'quiet'; timer: Timer } | { name: 'closed' };

/** Nobody talks longer without a breath: the end of that speech was missed. */
const LONGEST_SPEECH_MS = 60_000;
/** So often the same line is tried again; by then another model talks, or none. */
const MOST_REPEATS = 5;

/**
 * Notices a caller who says nothing. Time runs from when the caller last *heard* something (the playback ledger says
 * so), never from when it was sent.
 */
export class CallerIdleTimer {
  private readonly clock: Clock;
  private readonly afterMs: number;
  private readonly onIdle: (times: number) => void;
  private readonly onBack: () => void;
  private state: State = { name: 'busy' };
  private times = 0;
  private isAnswered = true;
  /** The line to the caller did not come out, and is due once more. */
  private isDueAgain = false;
  private repeats = 0;

  /**
   * `afterMs` 0: the watch is off. `onIdle` is told how often the caller has been silent in a row, from 1; whatever is
   * said to the caller then starts the time again, and so does saying nothing. `onBack`: a caller who was silent is there again.
   */
  constructor(options: { clock: Clock; afterMs: number; onIdle: (times: number) => void; onBack?: () => void }) {
    this.clock = options.clock;
    this.afterMs = options.afterMs;
    this.onIdle = options.onIdle;
    this.onBack = options.onBack ?? (() => undefined);
  }

  /**
   * Nothing is said at first. The caller is asked early: what they have just said may have fallen between two streams, which
   * took `gapMs`.
   */
  beginQuiet(gapMs: number): void {
    const afterMs = Math.max(SILENCE_BUDGET.quietResumeListenMs, SILENCE_BUDGET.quietResumeMs - gapMs);
    if (this.state.name === 'busy') this.beQuiet(Math.min(this.afterMs, afterMs));
  }

  /** What was to be said to the silent caller broke off, or never came: it is due again soon, a few times. */
  unsaid(): void {
    if (this.isDueAgain || this.times === 0 || this.repeats >= MOST_REPEATS) return;
    this.isDueAgain = true;
    this.times--;
    if (this.state.name !== 'caller') this.beQuiet();
  }

  /** The caller began to speak. */
  callerSpeaks(): void {
    this.comeBack();
    this.isDueAgain = false;
    this.repeats = 0;
    this.isAnswered = false;
    const timer = this.timer(LONGEST_SPEECH_MS, () => this.beQuiet());
    this.enter({ name: 'caller', timer });
  }

  callerStopped(): void {
    if (this.state.name === 'caller') this.beQuiet();
  }

  /** Something came from the caller: words, or a key. */
  callerThere(): void {
    this.comeBack();
    if (this.state.name === 'quiet') this.beQuiet();
  }

  /** The assistant speaks, or works on something. */
  busy(): void {
    this.isAnswered = true;
    this.isDueAgain = false;
    if (this.state.name === 'quiet') this.enter({ name: 'busy' });
  }

  /** The caller has heard all there was. */
  playedOut(): void {
    if (this.state.name !== 'caller') this.beQuiet();
  }

  close(): void {
    this.enter({ name: 'closed' });
  }

  /** Nobody speaks, and the assistant works on nothing. */
  get isQuiet(): boolean {
    return this.state.name === 'quiet';
  }

  /** The caller has spoken, and nothing has come of it yet. */
  get awaitsAnswer(): boolean {
    return !this.isAnswered;
  }

  private comeBack(): void {
    const wasSilent = this.times > 0;
    this.times = 0;
    if (wasSilent) this.onBack();
  }

  private beQuiet(afterMs = this.isDueAgain ? SILENCE_BUDGET.unsaidAgainMs : this.afterMs): void {
    const timer = this.timer(afterMs, () => {
      this.repeats = this.isDueAgain ? this.repeats + 1 : 0;
      this.isDueAgain = false;
      // What the owner says now makes it busy again; if nothing can be said, the time runs on.
      this.beQuiet();
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

const NO_TIMER: Timer = { cancel: () => undefined };
