import { type Clock, type Timer } from '../clock.js';

/** A number is complete when no further key comes for this long. */
const PAUSE_MS = 2000;
/** More keys than any number has; what comes beyond is not kept. */
const MAX_DIGITS = 32;

/** Collects keys pressed one by one into a number, which ends with `#` or with a pause. */
export class DigitCollector {
  private readonly clock: Clock;
  private readonly onNumber: (digits: string) => void;
  private digits = '';
  private pause: Timer | undefined;

  constructor(clock: Clock, onNumber: (digits: string) => void) {
    this.clock = clock;
    this.onNumber = onNumber;
  }

  push(keys: string): void {
    for (const key of keys) {
      if (key === '#') this.complete();
      else if (this.digits.length < MAX_DIGITS) this.digits += key;
    }
    this.pause?.cancel();
    this.pause = this.digits === '' ? undefined : this.clock.setTimer(PAUSE_MS, () => this.complete());
  }

  /** Forgets what was pressed. */
  clear(): void {
    this.pause?.cancel();
    this.pause = undefined;
    this.digits = '';
  }

  private complete(): void {
    const { digits } = this;
    this.clear();
    if (digits !== '') this.onNumber(digits);
  }
}
