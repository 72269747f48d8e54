import { SILENCE_BUDGET } from '../../base/silence-budget.js';
import type { TandemError } from '../../base/errors.js';
import type { VoiceProvider } from '../session.js';
import type { ProviderBreaker } from './provider-breaker.js';

/** Waits before the tries with one provider, from the moment its session was lost. */
const BACKOFF_MS = [0, 400, 1200];

/**
 * Whom to try next after a session was lost: the same provider a few times inside a time budget, when that makes sense,
 * then the next one in the list. One plan an outage.
 */
export class FailoverPlan {
  private readonly providers: readonly VoiceProvider[];
  private readonly health: ProviderBreaker;
  private readonly startedMs: number;
  private readonly givenUp = new Set<VoiceProvider>();
  private current: VoiceProvider;
  private tries = 0;

  constructor(options: {
    providers: readonly VoiceProvider[];
    health: ProviderBreaker;
    lost: VoiceProvider;
    nowMs: number;
  }) {
    this.providers = options.providers;
    this.health = options.health;
    this.current = options.lost;
    this.startedMs = options.nowMs;
  }

  /** `error` is why the last session, or the last try, came to nothing. Undefined: nobody is left. */
  next(error: TandemError, nowMs: number): { provider: VoiceProvider; delayMs: number } | undefined {
    const spentMs = nowMs - this.startedMs;
    if (spentMs >= SILENCE_BUDGET.failoverTotalMs) {
      this.giveUp(error);
      return undefined;
    }
    const delayMs = BACKOFF_MS[this.tries];
    const isWorthIt = error.retryable && error.code !== 'VOICE_THROTTLED' && spentMs < SILENCE_BUDGET.failoverRetryMs;
    // With nobody else to ask, a throttled provider is asked again too.
    const isLast = error.retryable && this.others().length === 0;
    if (delayMs !== undefined && (isWorthIt || isLast)) {
      this.tries++;
      return { provider: this.current, delayMs };
    }
    this.giveUp(error);
    const [provider] = this.others();
    if (provider === undefined) return undefined;
    this.current = provider;
    this.tries = 1;
    return { provider, delayMs: 0 };
  }

  private giveUp(error: TandemError): void {
    this.givenUp.add(this.current);
    this.health.failed(this.current.name, error);
  }

  /** Not tried yet; those that have just failed elsewhere come last. */
  private others(): readonly VoiceProvider[] {
    const rest = this.providers.filter((provider) => provider !== this.current && !this.givenUp.has(provider));
    return rest.toSorted((a, b) => Number(this.health.isCooling(a.name)) - Number(this.health.isCooling(b.name)));
  }
}
