import type { Clock, Timer } from '../../src/base/clock.js';

export interface InputRules {
  /** Time to the first digit. */
  firstDigitMs: number;
  betweenDigitsMs: number;
  maxLength: number;
  terminator: string;
}

/** Collects DTMF for one input block at a time; what is pressed while no block listens is lost, as on the service. */
export class DigitInput {
  private readonly clock: Clock;
  private collecting: { digits: string; rules: InputRules; timer: Timer; settle: (value: string) => void } | undefined;
  /** Digits that nobody listened to. */
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

  /** Resolves with the digits, or `Timeout` when none came. */
  collect(rules: InputRules): Promise<string> {
    return new Promise((settle) => {
      const timer = this.clock.setTimer(rules.firstDigitMs, () => this.finish('Timeout'));
      this.collecting = { digits: '', rules, timer, settle };
    });
  }

  /** The contact is gone. */
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
