import type { Clock, Timer } from '../../src/base/clock.js';
import type { WebhookClient, WebhookRequest } from './webhook-client.js';

/**
 * Status callbacks may arrive out of order and more than once (Twilio: Voice – status callbacks). The same seed and
 * clock produce the same order.
 */
export interface Disorder {
  seed: number;
  /** Maximum delay before a callback. */
  maxDelayMs: number;
  /** Share of callbacks that are sent twice, 0 to 1. */
  duplicates: number;
}

/** Sends status callbacks and ignores the answers. Those of one call are sent one after the other. */
export class Callbacks {
  private readonly client: WebhookClient;
  private readonly clock: Clock;
  private readonly disorder: Disorder | undefined;
  private readonly random: () => number;
  private readonly timers = new Set<Timer>();
  private readonly lines = new Map<string, Promise<unknown>>();

  constructor(client: WebhookClient, clock: Clock, disorder: Disorder | undefined) {
    this.client = client;
    this.clock = clock;
    this.disorder = disorder;
    this.random = seeded(disorder?.seed ?? 0);
  }

  send(callSid: string, request: WebhookRequest): void {
    if (this.disorder === undefined) {
      this.deliver(callSid, request);
      return;
    }
    const { duplicates, maxDelayMs } = this.disorder;
    const copies = this.random() < duplicates ? 2 : 1;
    for (let copy = 0; copy < copies; copy++) {
      const timer = this.clock.setTimer(this.random() * maxDelayMs, () => {
        this.timers.delete(timer);
        this.deliver(callSid, request);
      });
      this.timers.add(timer);
    }
  }

  /** Resolves when every callback that is due has been answered or has failed. */
  async whenIdle(): Promise<void> {
    while (this.lines.size > 0) await Promise.all(this.lines.values());
  }

  /** Cancels the callbacks that are still delayed. */
  close(): void {
    for (const timer of this.timers) timer.cancel();
    this.timers.clear();
  }

  private deliver(callSid: string, request: WebhookRequest): void {
    const before = this.lines.get(callSid) ?? Promise.resolve();
    const sent = before.then(() => this.client.request(request));
    this.lines.set(callSid, sent);
    void sent.then(() => {
      if (this.lines.get(callSid) === sent) this.lines.delete(callSid);
    });
  }
}

/** Returns a generator of numbers from 0 to 1, the same for the same seed (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
