import type { Clock } from '../base/clock.js';

/** Maximum number of messages in each span of time. A server that answers and reports changes needs a fraction of it. */
const MAX_MESSAGES = 1000;
const SPAN_MS = 10_000;

/** Tells a server that talks from one that floods the gateway. */
export class MessageBudget {
  private readonly clock: Clock;
  private beganMs: number;
  private count = 0;

  constructor(clock: Clock) {
    this.clock = clock;
    this.beganMs = clock.now();
  }

  /** Counts a message. Returns false if there were too many. */
  take(): boolean {
    const nowMs = this.clock.now();
    if (nowMs - this.beganMs > SPAN_MS) {
      this.beganMs = nowMs;
      this.count = 0;
    }
    return ++this.count <= MAX_MESSAGES;
  }
}
