import type { ServerResponse } from 'node:http';
import type { Clock } from '../base/clock.js';

/** HTTP requests that are being answered. */
export class OpenRequests {
  private readonly clock: Clock;
  private count = 0;
  private quietSinceMs: number;

  constructor(clock: Clock) {
    this.clock = clock;
    this.quietSinceMs = clock.now();
  }

  /** A request has come; it is open until its answer is on the way or its connection is gone. */
  add(response: ServerResponse): void {
    this.count++;
    response.once('close', () => {
      this.count--;
      this.quietSinceMs = this.clock.now();
    });
  }

  /** How long none has been open, in milliseconds. */
  get quietMs(): number {
    return this.count > 0 ? 0 : this.clock.now() - this.quietSinceMs;
  }
}
