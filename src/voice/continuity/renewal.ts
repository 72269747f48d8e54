import type { Clock, Timer } from '../../base/clock.js';
import { taped } from '../../base/taped.js';
import type { RenewalTimes } from '../session.js';

/** How often the schedule looks for a pause, because the end of playout is not an event of the session. */
const POLL_MS = 200;
/** Delay after a renewal that the caller interrupted. */
const RETRY_MS = 1000;
/** Delays after each renewal in a row whose session could not be opened, because the account may allow no more. */
const REFUSED_MS = [1000, 2000, 4000, 8000, 15_000];
/** Share by which such a delay is shorter at most, so that the calls of a full account do not all try at once. */
const JITTER = 0.25;
/** Maximum wait for the end of an answer after the forced time. */
const FORCE_GRACE_MS = 15_000;

type State =
  | { name: 'fresh' }
  /** Waits for a pause. */
  | { name: 'due' }
  /** The owner opens the next session. */
  | { name: 'renewing' }
  /** Waits for a moment at which nothing is cut off, up to the grace period. */
  | { name: 'forced'; sinceMs: number }
  | { name: 'stopped' };

/** Decides when a session makes way for the next one: in a pause after some time, or without one before the limit. */
export class RenewalSchedule {
  private readonly options: {
    clock: Clock;
    /** `undefined` if the session needs no renewal. */
    times: RenewalTimes | undefined;
    /** Returns whether neither side speaks, nothing is playing and the caller waits for nothing. */
    isPause: () => boolean;
    /** Returns whether no answer is in progress or owed. */
    isForceable: () => boolean;
    onDue: () => void;
    /** The owner opens the next session without a pause. */
    onForced: () => void;
    random?: () => number;
  };
  private refusals = 0;
  private state: State = { name: 'fresh' };
  private timer: Timer | undefined;
  private readonly startedMs: number;

  constructor(options: RenewalSchedule['options']) {
    this.options = options;
    this.startedMs = options.clock.now();
    if (options.times !== undefined) this.wait(options.times.afterMs, () => this.becomeDue());
  }

  get isPause(): boolean {
    return this.options.isPause();
  }

  get isForceable(): boolean {
    return this.options.isForceable();
  }

  /** Called when something happened that may have begun a pause. */
  check(): void {
    if (this.state.name !== 'due' || !this.options.isPause()) return;
    this.state = { name: 'renewing' };
    this.wait(this.untilForcedMs(), () => this.becomeForced());
    this.options.onDue();
  }

  /** Called when the renewal failed: the caller interrupted it, or the next session could not be opened. */
  again(why: 'interrupted' | 'refused'): void {
    if (this.state.name !== 'renewing') return;
    this.state = { name: 'fresh' };
    const delayMs = why === 'interrupted' ? RETRY_MS : this.refusedMs();
    const untilForcedMs = this.untilForcedMs();
    // The session may live on for a while after the forced time, so even then the tries keep their delays.
    this.wait(untilForcedMs > 0 ? Math.min(delayMs, untilForcedMs) : delayMs, () => this.becomeDue());
  }

  private refusedMs(): number {
    const { random = () => taped('jitter', Math.random) } = this.options;
    const delayMs = REFUSED_MS[Math.min(this.refusals++, REFUSED_MS.length - 1)] as number;
    return delayMs * (1 - JITTER * random());
  }

  stop(): void {
    this.state = { name: 'stopped' };
    this.timer?.cancel();
  }

  private becomeDue(): void {
    if (this.untilForcedMs() <= 0) {
      this.becomeForced();
      return;
    }
    this.state = { name: 'due' };
    this.wait(Math.min(POLL_MS, this.untilForcedMs()), () => this.becomeDue());
    this.check();
  }

  private becomeForced(): void {
    const { clock, isForceable, onForced } = this.options;
    const sinceMs = this.state.name === 'forced' ? this.state.sinceMs : clock.now();
    if (isForceable() || clock.now() - sinceMs >= FORCE_GRACE_MS) {
      this.timer?.cancel();
      this.state = { name: 'renewing' };
      onForced();
      return;
    }
    this.state = { name: 'forced', sinceMs };
    this.wait(POLL_MS, () => this.becomeForced());
  }

  private untilForcedMs(): number {
    const { clock, times } = this.options;
    return (times?.forceAfterMs ?? Number.POSITIVE_INFINITY) - (clock.now() - this.startedMs);
  }

  private wait(delayMs: number, then: () => void): void {
    this.timer?.cancel();
    this.timer = this.options.clock.setTimer(delayMs, then);
  }
}
