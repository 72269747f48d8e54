import type { Clock, Timer } from '../../base/clock.js';
import { SILENCE_BUDGET } from '../../base/silence-budget.js';

/** What became of the question for digits. `spoke`: the caller spoke instead. `left`: the stream or the model's session is over. */
export type EntryEnd = { is: 'entered'; digits: string } | { is: 'gave_up' | 'spoke' | 'left' };

/** Maximum number of digits if no length was asked for. */
export const MAX_SECRET_DIGITS = 32;
/** Number of times the caller is asked. */
const MAX_ATTEMPTS = 3;
/** Maximum time for all attempts together. */
export const SECRET_TOTAL_MS = 90_000;
/** Time for the line that asks, and for what the model is still saying, before the caller has to begin. */
const LINE_MS = 10_000;

/**
 * Collects the keys of one secret. `#` ends it, `*` deletes what was typed, and `*` before the first digit ends it without a result. A secret of
 * a known length ends with its last digit. The digits leave it once, and only if they are complete.
 */
export class SecretEntry {
  readonly end: Promise<EntryEnd>;
  private readonly options: {
    clock: Clock;
    /** `undefined`: as many as the caller types. */
    length: number | undefined;
    /** Asks the caller to type. `isAgain`: what came before was not enough. */
    ask: (isAgain: boolean) => void;
  };
  private readonly settle: (end: EntryEnd) => void;
  private digits: string[] = [];
  private attempts = 0;
  private pause: Timer | undefined;
  private total: Timer | undefined;
  private isDone = false;

  constructor(options: SecretEntry['options']) {
    this.options = options;
    let settle: (end: EntryEnd) => void = () => undefined;
    this.end = new Promise((resolve) => {
      settle = resolve;
    });
    this.settle = settle;
  }

  get isOver(): boolean {
    return this.isDone;
  }

  /** Asks the caller, and takes their keys from now on. */
  begin(): void {
    if (this.isDone) return;
    this.total = this.options.clock.setTimer(SECRET_TOTAL_MS, () => this.finish({ is: 'gave_up' }));
    this.askAgain();
  }

  /** A key that comes before {@link begin} is dropped, because it may have been recorded. */
  press(key: string): void {
    if (this.isDone || this.attempts === 0) return;
    if (key === '*') {
      if (this.digits.length === 0) this.finish({ is: 'gave_up' });
      else this.clear();
    } else if (key === '#') this.complete();
    else if (/^\d$/.test(key)) {
      this.digits.push(key);
      if (this.digits.length === (this.options.length ?? MAX_SECRET_DIGITS)) this.complete();
    }
    if (!this.isDone && key !== '#') this.waitFor(SILENCE_BUDGET.secretKeyMs);
  }

  /** The caller speaks instead. */
  spoke(): void {
    if (this.attempts > 0) this.finish({ is: 'spoke' });
  }

  /** Throws away what was typed. */
  leave(): void {
    this.finish({ is: 'left' });
  }

  private complete(): void {
    const { length } = this.options;
    const isEnough = length === undefined ? this.digits.length > 0 : this.digits.length === length;
    if (isEnough) this.finish({ is: 'entered', digits: this.digits.join('') });
    else this.askAgain();
  }

  private askAgain(): void {
    this.clear();
    if (this.attempts >= MAX_ATTEMPTS) {
      this.finish({ is: 'gave_up' });
      return;
    }
    this.waitFor(LINE_MS + SILENCE_BUDGET.secretKeyMs);
    this.options.ask(this.attempts++ > 0);
  }

  private waitFor(ms: number): void {
    this.pause?.cancel();
    this.pause = this.options.clock.setTimer(ms, () => this.askAgain());
  }

  private clear(): void {
    this.digits = [];
  }

  private finish(end: EntryEnd): void {
    if (this.isDone) return;
    this.isDone = true;
    this.clear();
    this.pause?.cancel();
    this.total?.cancel();
    this.settle(end);
  }
}
