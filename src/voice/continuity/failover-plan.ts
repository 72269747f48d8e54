import { SILENCE_BUDGET } from '../../base/silence-budget.js';
import type { TandemError } from '../../base/errors.js';
import type { VoiceProvider } from '../session.js';
import type { ProviderBreaker } from './provider-breaker.js';

/** Delays before each try with one provider, from the moment its session was lost. */
const BACKOFF_MS = [0, 400, 1200];

export interface NextTry {
  provider: VoiceProvider;
  delayMs: number;
}

/**
 * Decides which provider is tried next after a session was lost. The same provider is retried a few times inside a time
 * budget, if its error is worth a retry; then the next provider in the list follows. When all have failed, each one whose
 * error was worth a retry is tried once more, because it may be back. Each outage has its own plan.
 */
export class FailoverPlan {
  private readonly providers: readonly VoiceProvider[];
  private readonly breaker: ProviderBreaker;
  private readonly givenUp = new Set<VoiceProvider>();
  /** The provider that had talked to the caller when the outage began. */
  private readonly talked: VoiceProvider | undefined;
  /** Providers that are not tried once more after they were given up. */
  private readonly hopeless = new Set<VoiceProvider>();
  private startedMs: number;
  private current: VoiceProvider;
  private tries = 0;

  constructor(options: {
    providers: readonly VoiceProvider[];
    breaker: ProviderBreaker;
    lost: VoiceProvider;
    /** When the lost session last gave the caller what it owed. */
    sinceMs: number;
    /** Whether the caller has heard the provider that was lost. Default false. */
    hasTalked?: boolean;
  }) {
    this.providers = options.providers;
    this.breaker = options.breaker;
    this.current = options.lost;
    this.talked = options.hasTalked === true ? options.lost : undefined;
    this.startedMs = options.sinceMs;
  }

  /** When the time for all providers is over. */
  get deadlineMs(): number {
    return this.startedMs + SILENCE_BUDGET.failoverTotalMs;
  }

  /** Called when a session that followed in this outage was heard, and then lost. The time counts anew. */
  heard(sinceMs: number): void {
    this.startedMs = sinceMs;
  }

  /** `error` is why the last session or the last try failed. Returns `undefined` if every provider has failed. */
  next(error: TandemError, nowMs: number): NextTry | undefined {
    if (this.deadlineMs - nowMs < SILENCE_BUDGET.failoverMinimumMs) {
      this.giveUp(error);
      return undefined;
    }
    const isEarly = nowMs - this.startedMs < SILENCE_BUDGET.failoverRetryMs;
    const isWorthIt = error.retryable && error.code !== 'VOICE_THROTTLED' && isEarly;
    if (isWorthIt || (this.tries === 0 && this.isOfThisCall(error))) {
      const same = this.same();
      if (same !== undefined) return same;
    }
    const other = this.other();
    if (other === undefined && error.retryable) {
      // If there is no other provider, a throttled one is retried, too.
      const same = this.same();
      if (same !== undefined) return same;
    }
    this.giveUp(error);
    if (other === undefined) return undefined;
    // A provider that was given up before gets one try.
    const isBack = this.givenUp.has(other);
    this.tries = isBack ? BACKOFF_MS.length : 1;
    if (isBack) this.hopeless.add(other);
    this.current = other;
    return { provider: other, delayMs: 0 };
  }

  private same(): NextTry | undefined {
    const delayMs = BACKOFF_MS[this.tries];
    if (delayMs === undefined) return undefined;
    this.tries++;
    return { provider: this.current, delayMs };
  }

  private giveUp(error: TandemError): void {
    if (!error.retryable) this.hopeless.add(this.current);
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

  /** A provider not tried in this outage. One that has just failed in another call comes last. */
  private other(): VoiceProvider | undefined {
    const rest = this.providers.filter((provider) => provider !== this.current && !this.hopeless.has(provider));
    const lateness = (provider: VoiceProvider): number =>
      this.givenUp.has(provider) ? 2 : Number(this.breaker.isCooling(provider.name));
    return rest.toSorted((a, b) => lateness(a) - lateness(b))[0];
  }
}
