import type { Clock, Timer } from '../../src/base/clock.js';

export interface InputRules {
  /** Maximum time before the first digit. */
  firstDigitMs: number;
  /** Maximum time between two digits. */
  betweenDigitsMs: number;
  maxLength: number;
  terminator: string;
}

/** Collects DTMF for one input block at a time. Digits are lost while no block listens, as on the service. */
export class DigitInput {
  private readonly clock: Clock;
  private collecting: { digits: string; rules: InputRules; timer: Timer; settle: (value: string) => void } | undefined;
  /** Number of digits that were pressed while no block listened. */
  lost = 0;

  constructor(clock: Clock) {
    this.clock = clock;
  }

  press(digit: string): void {
    const { collecting } = this;
    if (collecting === undefined) {
      this.lost++;
      return;
    }
    if (digit === collecting.rules.terminator) {
      this.finish(collecting.digits);
      return;
    }
    collecting.digits += digit;
    collecting.timer.cancel();
    if (collecting.digits.length >= collecting.rules.maxLength) {
      this.finish(collecting.digits);
      return;
    }
    collecting.timer = this.clock.setTimer(collecting.rules.betweenDigitsMs, () => this.finish(collecting.digits));
  }

  /** Collects digits. Resolves with them, or with `Timeout` if there were none. */
  collect(rules: InputRules): Promise<string> {
    return new Promise((settle) => {
      const timer = this.clock.setTimer(rules.firstDigitMs, () => this.finish('Timeout'));
      this.collecting = { digits: '', rules, timer, settle };
    });
  }

  /** Ends the collection because the contact is gone. */
  close(): void {
    this.finish('Timeout');
  }

  private finish(value: string): void {
    const { collecting } = this;
    if (collecting === undefined) return;
    this.collecting = undefined;
    collecting.timer.cancel();
    collecting.settle(value === '' ? 'Timeout' : value);
  }
}
