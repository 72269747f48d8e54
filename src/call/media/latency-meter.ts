import type { Clock } from '../../base/clock.js';
import type { Metrics } from '../../telemetry/metrics.js';
import type { VoiceListener } from '../../voice/session.js';

/** The first audio of an answer, when it has been sent. */
export interface Answered {
  itemId: string;
  provider: string;
  /** From the end of the caller's speech until now. */
  waitedMs: number;
  /** From the end of the caller's speech until the model's audio arrived. */
  modelMs: number;
  /** From the last loud moment of the caller's line until the model reported the end of speech. `undefined` if unknown. */
  endpointingMs?: number | undefined;
}

/** Measures how long a caller waits for the greeting and for each answer. Each stream has its own meter. */
export class LatencyMeter {
  private readonly clock: Clock;
  private readonly metrics: Metrics;
  private readonly provider: () => string;
  private readonly quietLineMs: () => number;
  private readonly onAnswered: (answered: Answered) => void;
  /** When the last piece of the model's audio arrived. */
  private arrivedMs = 0;
  /** Set while the caller waits for the greeting. */
  private streamStartedMs: number | undefined;
  /** Set while the caller waits for an answer. */
  private speechStoppedMs: number | undefined;

  /** `provider` returns the name of the provider that speaks. It is called when an answer begins. */
  constructor(options: {
    clock: Clock;
    metrics: Metrics;
    provider: () => string;
    /** Returns how long the caller's line has been quiet. 0 if unknown. Called when an answer begins. */
    quietLineMs?: () => number;
    onAnswered: (answered: Answered) => void;
  }) {
    this.clock = options.clock;
    this.metrics = options.metrics;
    this.provider = options.provider;
    this.quietLineMs = options.quietLineMs ?? (() => 0);
    this.onAnswered = options.onAnswered;
  }

  /** Wraps a session's listener to measure how long the gateway takes to handle each piece of model audio. */
  timed(listener: VoiceListener): VoiceListener {
    const { outboundFrameLatency } = this.metrics;
    return (event) => {
      if (event.type !== 'audio') {
        listener(event);
        return;
      }
      const arrivedMs = this.clock.now();
      this.arrivedMs = arrivedMs;
      listener(event);
      outboundFrameLatency.observe((this.clock.now() - arrivedMs) / 1000);
    };
  }

  /** Begins the wait for the greeting. */
  streamStarted(): void {
    this.streamStartedMs = this.clock.now();
  }

  /** Drops the wait for an answer, because the caller has not finished. */
  speechStarted(): void {
    this.speechStoppedMs = undefined;
  }

  /** Begins the wait for an answer. */
  speechStopped(): void {
    this.speechStoppedMs = this.clock.now();
  }

  /** Ends the wait and records it. Called with every piece of audio, so most calls end nothing. */
  audioSent(itemId: string): void {
    if (this.streamStartedMs !== undefined) {
      this.metrics.greetingLatency.observe((this.clock.now() - this.streamStartedMs) / 1000);
      this.streamStartedMs = undefined;
      this.speechStoppedMs = undefined;
    } else if (this.speechStoppedMs !== undefined) {
      const { speechStoppedMs } = this;
      const provider = this.provider();
      const waitedMs = this.clock.now() - speechStoppedMs;
      this.metrics.turnLatency.labels(provider).observe(waitedMs / 1000);
      this.speechStoppedMs = undefined;
      const endpointingMs = this.quietLineMs() - waitedMs;
      this.onAnswered({
        itemId,
        provider,
        waitedMs,
        modelMs: Math.max(0, this.arrivedMs - speechStoppedMs),
        // Quiet is noticed later than some models report the end of speech.
        ...(endpointingMs > 0 ? { endpointingMs } : {}),
      });
    }
  }
}
