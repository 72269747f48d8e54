import { SILENCE_BUDGET } from '../../base/silence-budget.js';
import type { Clock, Timer } from '../../base/clock.js';
import type { Escalation } from '../../escalation/escalation.js';
import type { EscalationWatch } from '../../escalation/watch.js';

/** More keys than any number has; what comes beyond is not kept. */
const MAX_DIGITS = 32;

/**
 * The caller's keys: collected into a number, which ends with `#` or with a pause, unless the first of them asks for a
 * human. A `0` inside a number is part of the number.
 */
export class DtmfCollector {
  /** Called with each number once it is complete. */
  onNumber: (digits: string) => void = () => undefined;
  private readonly clock: Clock;
  private readonly watch: EscalationWatch;
  private digits = '';
  private pause: Timer | undefined;

  constructor(options: { clock: Clock; watch: EscalationWatch }) {
    this.clock = options.clock;
    this.watch = options.watch;
  }

  /** One key: 0-9, *, # or A-D. Gives the wish for a human when it is one. */
  press(key: string): Escalation | undefined {
    const escalation = this.digits === '' ? this.watch.callerPressed(key) : undefined;
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

  /** Keys were pressed that are no number yet. */
  get isCollecting(): boolean {
    return this.digits !== '';
  }

  /** Forgets what was pressed. */
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
