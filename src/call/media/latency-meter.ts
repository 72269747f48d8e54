import type { Clock } from '../../base/clock.js';
import type { Metrics } from '../../telemetry/metrics.js';
import type { VoiceListener } from '../../voice/session.js';

/** Measures what a caller waits for: the greeting, and each answer. One per stream. */
export class LatencyMeter {
  private readonly clock: Clock;
  private readonly metrics: Metrics;
  private readonly provider: () => string;
  private streamStartedMs: number | undefined;
  private speechStoppedMs: number | undefined;

  /** `provider` names who speaks when an answer begins. */
  constructor(options: { clock: Clock; metrics: Metrics; provider: () => string }) {
    this.clock = options.clock;
    this.metrics = options.metrics;
    this.provider = options.provider;
  }

  /** Wraps a session's listener so that the time each piece of model audio spends in the gateway is measured. */
  timed(listener: VoiceListener): VoiceListener {
    const { outboundFrameLatency } = this.metrics;
    return (event) => {
      if (event.type !== 'audio') {
        listener(event);
        return;
      }
      const arrivedMs = this.clock.now();
      listener(event);
      outboundFrameLatency.observe((this.clock.now() - arrivedMs) / 1000);
    };
  }

  streamStarted(): void {
    this.streamStartedMs = this.clock.now();
  }

  speechStarted(): void {
    this.speechStoppedMs = undefined;
  }

  speechStopped(): void {
    this.speechStoppedMs = this.clock.now();
  }

  audioSent(): void {
    if (this.streamStartedMs !== undefined) {
      this.metrics.greetingLatency.observe((this.clock.now() - this.streamStartedMs) / 1000);
      this.streamStartedMs = undefined;
      this.speechStoppedMs = undefined;
    } else if (this.speechStoppedMs !== undefined) {
      this.metrics.turnLatency.labels(this.provider()).observe((this.clock.now() - this.speechStoppedMs) / 1000);
      this.speechStoppedMs = undefined;
    }
  }
}
