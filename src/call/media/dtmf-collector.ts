import { SILENCE_BUDGET } from '../../base/silence-budget.js';
import type { Clock, Timer } from '../../base/clock.js';
import type { Escalation } from '../../escalation/escalation.js';
import type { EscalationWatch } from '../../escalation/watch.js';

// Collects the keys a caller presses.

/** Maximum length of a number. Keys beyond it are dropped. */
const MAX_DIGITS = 32;

/**
 * Collects the caller's keys into a number, which ends with `#` or with a pause. If the first key is the one that asks
 * for a human, it starts no number. A `0` inside a number is part of the number.
 */
export class DtmfCollector {
  /** Called with each number once it is complete. */
  onNumber: (digits: string) => void = () => undefined;
  private readonly clock: Clock;
  private readonly escalationWatch: EscalationWatch;
  private digits = '';
  private pause: Timer | undefined;

  constructor(options: { clock: Clock; escalationWatch: EscalationWatch }) {
    this.clock = options.clock;
    this.escalationWatch = options.escalationWatch;
  }

  /** Takes one key: 0-9, *, # or A-D. Returns an escalation if the key asks for a human. */
  press(key: string): Escalation | undefined {
    const escalation = this.digits === '' ? this.escalationWatch.callerPressed(key) : undefined;
    if (escalation !== undefined) return escalation;
    this.pause?.cancel();
    this.pause = undefined;
    if (key === '#') this.complete();
    else {
      if (this.digits.length < MAX_DIGITS) this.digits += key;
      this.pause = this.clock.setTimer(SILENCE_BUDGET.dtmfPauseMs, () => this.complete());
    }
    return undefined;
  }

  /** Whether the caller has begun a number and not ended it. */
  get isCollecting(): boolean {
    return this.digits !== '';
  }

  /** Drops the keys of an unfinished number. */
  close(): void {
    this.pause?.cancel();
    this.pause = undefined;
    this.digits = '';
  }

  private complete(): void {
    const { digits } = this;
    this.close();
    if (digits !== '') this.onNumber(digits);
  }
}
