import type { Clock, Timer } from '../../base/clock.js';
import type { RenewalTimes } from '../session.js';

/** The end of playout makes no event of a session: it is looked for. */
const POLL_MS = 200;
/** After a renewal that was overtaken by the caller, or whose session could not be opened. */
const TRY_AGAIN_MS = 1000;
/** How long past the forced time the end of an answer is still waited for. */
const FORCE_GRACE_MS = 15_000;

type State =
  | { name: 'fresh' }
  /** Waits for a pause. */
  | { name: 'due' }
  /** The owner opens the next session. */
  | { name: 'renewing' }
  /** The next moment at which nothing is cut off will do. */
  | { name: 'forced'; sinceMs: number }
  | { name: 'stopped' };

/** Says when a session should make way for the next one: in a pause after some time, or without one before the limit. */
export class RenewalSchedule {
  private readonly options: {
    clock: Clock;
    /** Undefined: never. */
    times: RenewalTimes | undefined;
    /** Nobody speaks, nothing is playing, nobody waits. */
    isPause: () => boolean;
    /** No answer is being given or owed. */
    isForceable: () => boolean;
    onDue: () => void;
    onForced: () => void;
  };
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

  /** Something happened that may have brought the pause. */
  check(): void {
    if (this.state.name !== 'due' || !this.options.isPause()) return;
    this.state = { name: 'renewing' };
    this.wait(this.untilForcedMs(), () => this.becomeForced());
    this.options.onDue();
  }

  /** The renewal came to nothing. */
  again(): void {
    if (this.state.name !== 'renewing') return;
    this.state = { name: 'fresh' };
    this.wait(Math.min(TRY_AGAIN_MS, this.untilForcedMs()), () => this.becomeDue());
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
      this.stop();
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
