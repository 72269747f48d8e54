import type { Clock, Timer } from '../../src/base/clock.js';

export interface InputRules {
  /** Maximum time before the first digit. */
  firstDigitMs: number;
  /** Maximum time between two digits. */
  betweenDigitsMs: number;
  maxLength: number;
  terminator: string;
}

/** Maximum number of digits that are kept for the next block (Amazon Connect: touchtone buffering). */
const BUFFER_DIGITS = 30;

/**
 * Collects DTMF for one input block at a time. Digits that come while no block listens are lost, as on the service, or kept
 * for the next block once the flow has asked for that.
 */
export class DigitInput {
  private readonly clock: Clock;
  private collecting: { digits: string; rules: InputRules; timer: Timer; settle: (value: string) => void } | undefined;
  private kept: string[] | undefined;
  private isInQueue = false;
  /** Number of digits that were pressed while no block listened, and not kept. */
  lost = 0;
  /** Number of digits that reached the flow of the queue, where a caller may press a key to be called back. */
  inQueue = 0;

  constructor(clock: Clock) {
    this.clock = clock;
  }

  press(digit: string): void {
    if (this.isInQueue) this.inQueue++;
    else if (this.collecting !== undefined) this.take(digit);
    else if (this.kept !== undefined && this.kept.length < BUFFER_DIGITS) this.kept.push(digit);
    else this.lost++;
  }

  /** Keeps digits from now on, or stops and forgets those that were kept. */
  keep(isKept: boolean): void {
    this.kept = isKept ? (this.kept ?? []) : undefined;
  }

  /** Collects digits. Resolves with them, or with `Timeout` if there were none. */
  collect(rules: InputRules): Promise<string> {
    return new Promise((settle) => {
      const timer = this.clock.setTimer(rules.firstDigitMs, () => this.finish('Timeout'));
      this.collecting = { digits: '', rules, timer, settle };
      while (this.isCollecting() && this.kept !== undefined && this.kept.length > 0) this.take(this.kept.shift() ?? '');
    });
  }

  /** The contact goes to a queue. What was kept is forgotten. */
  toQueue(): void {
    this.kept = undefined;
    this.isInQueue = true;
  }

  /** Ends the collection because the contact is gone. */
  close(): void {
    this.finish('Timeout');
  }

  private isCollecting(): boolean {
    return this.collecting !== undefined;
  }

  private take(digit: string): void {
    const { collecting } = this;
    if (collecting === undefined) return;
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

  private finish(value: string): void {
    const { collecting } = this;
    if (collecting === undefined) return;
    this.collecting = undefined;
    collecting.timer.cancel();
    collecting.settle(value === '' ? 'Timeout' : value);
  }
}
