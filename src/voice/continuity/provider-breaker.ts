import type { Clock } from '../../base/clock.js';
import type { TandemError } from '../../base/errors.js';

/** How long a provider that let a call down is passed over, doubled with each failure in a row. */
const FIRST_COOLDOWN_MS = 15_000;
const LONGEST_COOLDOWN_MS = 5 * 60_000;

interface Record {
  failures: number;
  untilMs: number;
}

/**
 * What is known of each provider across all calls: one that has just failed is not tried first by the next caller, as
 * long as there is another.
 */
export class ProviderBreaker {
  private readonly clock: Clock;
  private readonly records = new Map<string, Record>();

  constructor(clock: Clock) {
    this.clock = clock;
  }

  /** A call gave up on the provider. One that refuses us on principle is left alone for longer at once. */
  failed(provider: string, error: TandemError): void {
    const failures = (this.records.get(provider)?.failures ?? 0) + 1;
    const doublings = error.retryable ? failures - 1 : failures + 1;
    const cooldownMs = Math.min(LONGEST_COOLDOWN_MS, FIRST_COOLDOWN_MS * 2 ** doublings);
    this.records.set(provider, { failures, untilMs: this.clock.now() + cooldownMs });
  }

  /** A session with the provider is ready. */
  worked(provider: string): void {
    this.records.delete(provider);
  }

  isCooling(provider: string): boolean {
    const record = this.records.get(provider);
    return record !== undefined && this.clock.now() < record.untilMs;
  }
}
