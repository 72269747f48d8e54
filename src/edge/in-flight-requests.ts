import type { ServerResponse } from 'node:http';
import type { Clock } from '../base/clock.js';

/** Knows the HTTP requests that are being answered. */
export class InFlightRequests {
  private readonly clock: Clock;
  private readonly open = new Set<ServerResponse>();
  private closesConnections = false;
  private quietSinceMs: number;

  constructor(clock: Clock) {
    this.clock = clock;
    this.quietSinceMs = clock.now();
  }

  /** Adds a request. It counts as open until its response is sent or its connection is lost. */
  add(response: ServerResponse): void {
    this.open.add(response);
    if (this.closesConnections) closeAfter(response);
    response.once('close', () => {
      this.open.delete(response);
      this.quietSinceMs = this.clock.now();
    });
  }

  /**
   * From now on every answer ends its connection. A balancer then opens the next one to an instance that stays. Connections
   * without a request are left to it, because a request may be on its way.
   */
  closeConnections(): void {
    this.closesConnections = true;
    for (const response of this.open) closeAfter(response);
  }

  /** How long no request has been open, in milliseconds. */
  get quietMs(): number {
    return this.open.size > 0 ? 0 : this.clock.now() - this.quietSinceMs;
  }
}

function closeAfter(response: ServerResponse): void {
  if (!response.headersSent) response.setHeader('connection', 'close');
}
