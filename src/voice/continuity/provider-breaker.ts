import type { Clock } from '../../base/clock.js';
import type { TandemError } from '../../base/errors.js';
import { taped } from '../../base/taped.js';

/** How long a provider that failed a call is passed over. It doubles with each failure in a row. */
const FIRST_COOLDOWN_MS = 15_000;
const LONGEST_COOLDOWN_MS = 5 * 60_000;

interface Record {
  failures: number;
  untilMs: number;
}

/**
 * A circuit breaker for each provider, shared by all calls. The next call does not try a provider first that has just
 * failed, if there is another one.
 */
export class ProviderBreaker {
  private readonly clock: Clock;
  private readonly records = new Map<string, Record>();

  constructor(clock: Clock) {
    this.clock = clock;
  }

  /** Called when a call gave up on the provider. An error that is not retryable cools it for four times as long. */
  failed(provider: string, error: TandemError): void {
    const failures = (this.records.get(provider)?.failures ?? 0) + 1;
    const doublings = error.retryable ? failures - 1 : failures + 1;
    const cooldownMs = Math.min(LONGEST_COOLDOWN_MS, FIRST_COOLDOWN_MS * 2 ** doublings);
    this.records.set(provider, { failures, untilMs: this.clock.now() + cooldownMs });
  }

  /** Called when a session with the provider is ready. */
  worked(provider: string): void {
    this.records.delete(provider);
  }

  isCooling(provider: string): boolean {
    return taped(`cooling ${provider}`, () => {
      const record = this.records.get(provider);
      return record !== undefined && this.clock.now() < record.untilMs;
    });
  }
}
