import type { Clock } from '../base/clock.js';

/** Smallest difference that counts. A date has whole seconds, and its answer takes a while to arrive. */
const MIN_DIFFERENCE_MS = 5000;

/** What the SDK's innermost step resolves with. */
interface Received {
  response: unknown;
}

/**
 * Learns from the dates of an AWS service's answers how far its clock is ahead of this machine's. A Lambda beside the service
 * decides by that clock whether a record has expired. The SDK corrects its signatures by itself, so a gateway whose clock
 * is wrong writes its records, and each of them would be expired from the beginning.
 */
export class ServiceClock {
  private readonly clock: Clock;
  private differenceMs = 0;

  constructor(clock: Clock) {
    this.clock = clock;
  }

  /** How far the service is ahead, in milliseconds. 0 if the clocks agree, or nothing is known. */
  get aheadMs(): number {
    return Math.abs(this.differenceMs) < MIN_DIFFERENCE_MS ? 0 : this.differenceMs;
  }

  /** Middleware for the step `deserialize`, inside the SDK's parsing, so that refusals count, too. */
  readonly middleware = <Args, Result extends Received>(next: (args: Args) => Promise<Result>) => {
    return async (args: Args): Promise<Result> => {
      const result = await next(args);
      const { headers = {} } = (result.response ?? {}) as { headers?: Readonly<Record<string, unknown>> };
      const dateMs = Date.parse(String(headers['date']));
      if (Number.isFinite(dateMs)) this.differenceMs = dateMs - this.clock.epochMs();
      return result;
    };
  };
}
