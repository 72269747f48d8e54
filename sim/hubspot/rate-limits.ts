import type { Clock } from '../../src/base/clock.js';
import { type Problem, rateLimited } from './problem.js';

export interface RateLimits {
  /** Maximum number of searches a second, for the whole account. Other requests have no limit a second. */
  searchesPerSecond: number;
  /** Maximum number of requests in any ten seconds, searches not counted. */
  perTenSeconds: number;
  perDay: number;
}

export const DEFAULT_LIMITS: RateLimits = { searchesPerSecond: 5, perTenSeconds: 190, perDay: 650_000 };

const TEN_SECONDS_MS = 10_000;
const SECOND_MS = 1000;
const DAY_MS = 86_400_000;

/** Counts requests as the account does. The answer to a search has no rate-limit headers. */
export class RateCounter {
  private readonly clock: Clock;
  private readonly limits: RateLimits;
  private searches: number[] = [];
  private requests: number[] = [];
  private day = 0;
  private today = 0;

  constructor(clock: Clock, limits: RateLimits) {
    this.clock = clock;
    this.limits = limits;
  }

  /**
   * Counts a request. Returns the refusal if a limit is reached, else `undefined`. Refused requests count for the day.
   */
  take(isSearch: boolean): Problem | undefined {
    const { perDay, perTenSeconds, searchesPerSecond } = this.limits;
    const now = this.clock.now();
    const day = Math.floor(this.clock.epochMs() / DAY_MS);
    if (day !== this.day) [this.day, this.today] = [day, 0];
    if (++this.today > perDay) return rateLimited('DAILY');
    if (isSearch) {
      this.searches = this.searches.filter((atMs) => now - atMs < SECOND_MS);
      if (this.searches.length >= searchesPerSecond) return rateLimited('SECONDLY');
      this.searches.push(now);
      return undefined;
    }
    this.requests = this.requests.filter((atMs) => now - atMs < TEN_SECONDS_MS);
    if (this.requests.length >= perTenSeconds) return rateLimited('TEN_SECONDLY_ROLLING');
    this.requests.push(now);
    return undefined;
  }

  headers(isSearch: boolean): Record<string, string> {
    if (isSearch) return {};
    const { perDay, perTenSeconds } = this.limits;
    return {
      'x-hubspot-ratelimit-daily': String(perDay),
      'x-hubspot-ratelimit-daily-remaining': String(Math.max(0, perDay - this.today)),
      'x-hubspot-ratelimit-interval-milliseconds': String(TEN_SECONDS_MS),
      'x-hubspot-ratelimit-max': String(perTenSeconds),
      'x-hubspot-ratelimit-remaining': String(Math.max(0, perTenSeconds - this.requests.length)),
    };
  }
}
