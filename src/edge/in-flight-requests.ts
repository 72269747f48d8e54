import type { ServerResponse } from 'node:http';
import type { Clock } from '../base/clock.js';

/** Counts the HTTP requests that are being answered. */
export class InFlightRequests {
  private readonly clock: Clock;
  private count = 0;
  private quietSinceMs: number;

  constructor(clock: Clock) {
    this.clock = clock;
    this.quietSinceMs = clock.now();
  }

  /** Adds a request. It counts as open until its response is sent or its connection is lost. */
  add(response: ServerResponse): void {
    this.count++;
    response.once('close', () => {
      this.count--;
      this.quietSinceMs = this.clock.now();
    });
  }

  /** How long no request has been open, in milliseconds. */
  get quietMs(): number {
    return this.count > 0 ? 0 : this.clock.now() - this.quietSinceMs;
  }
}
