import { SILENCE_BUDGET } from '../../base/silence-budget.js';
import type { TandemError } from '../../base/errors.js';
import type { VoiceProvider } from '../session.js';
import type { ProviderBreaker } from './provider-breaker.js';

/** Delays before each try with one provider, from the moment its session was lost. */
const BACKOFF_MS = [0, 400, 1200];

/**
 * Decides which provider is tried next after a session was lost. The same provider is retried a few times inside a time
 * budget, if its error is worth a retry; then the next provider in the list follows. Each outage has its own plan.
 */
export class FailoverPlan {
  private readonly providers: readonly VoiceProvider[];
  private readonly breaker: ProviderBreaker;
  private readonly startedMs: number;
  private readonly givenUp = new Set<VoiceProvider>();
  /** The provider that had talked to the caller when the outage began. */
  private readonly talked: VoiceProvider | undefined;
  private current: VoiceProvider;
  private tries = 0;

  constructor(options: {
    providers: readonly VoiceProvider[];
    breaker: ProviderBreaker;
    lost: VoiceProvider;
    nowMs: number;
    /** Whether the caller has heard the provider that was lost. Default false. */
    hasTalked?: boolean;
  }) {
    this.providers = options.providers;
    this.breaker = options.breaker;
    this.current = options.lost;
    this.startedMs = options.nowMs;
    this.talked = options.hasTalked === true ? options.lost : undefined;
  }

  /** `error` is why the last session or the last try failed. Returns `undefined` if every provider has failed. */
  next(error: TandemError, nowMs: number): { provider: VoiceProvider; delayMs: number } | undefined {
    const spentMs = nowMs - this.startedMs;
    if (spentMs >= SILENCE_BUDGET.failoverTotalMs) {
      this.giveUp(error);
      return undefined;
    }
    const delayMs = BACKOFF_MS[this.tries];
    const isWorthIt = error.retryable && error.code !== 'VOICE_THROTTLED' && spentMs < SILENCE_BUDGET.failoverRetryMs;
    // If there is no other provider, a throttled one is retried, too.
    const isLast = error.retryable && this.others().length === 0;
    const isFirstTry = this.tries === 0 && this.isOfThisCall(error);
    if (delayMs !== undefined && (isWorthIt || isLast || isFirstTry)) {
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
    if (!this.isOfThisCall(error)) this.breaker.failed(this.current.name, error);
  }

  /**
   * Whether the error says nothing about other calls: the provider refused an input, but had accepted the settings and
   * talked to the caller. A new session may not meet the same again.
   */
  private isOfThisCall(error: TandemError): boolean {
    return error.code === 'VOICE_PROTOCOL' && this.current === this.talked;
  }

  /** The providers not tried in this outage. Those that have just failed in another call come last. */
  private others(): readonly VoiceProvider[] {
    const rest = this.providers.filter((provider) => provider !== this.current && !this.givenUp.has(provider));
    return rest.toSorted((a, b) => Number(this.breaker.isCooling(a.name)) - Number(this.breaker.isCooling(b.name)));
  }
}
