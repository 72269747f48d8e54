import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks';
import type { Clock, Timer } from '../base/clock.js';

/** Why a new caller is not taken. A metric label: a closed set. */
export type Refusal = 'stopping' | 'call_limit' | 'overload' | 'provider_limit';

/** How late this process does what is due, in milliseconds; the worst since it was last asked. */
export interface LoopDelay {
  takeWorstMs(): number;
  close(): void;
}

const LOOK_EVERY_MS = 500;
/** After the last late look: calls that were taken meanwhile need a moment until they show. */
const CALM_MS = 5000;

/**
 * Decides whether a new call is taken. Calls in progress keep their quality: when what is due is done so late that their
 * audio would suffer, new callers go to a human, until the process has kept up for a while.
 */
export class Admission {
  private readonly options: AdmissionOptions;
  private timer: Timer | undefined;
  private lateUntilMs = Number.NEGATIVE_INFINITY;
  private isOpen = true;

  constructor(options: AdmissionOptions) {
    this.options = options;
    if (options.delay !== undefined) this.lookLater(options.delay);
  }

  /** Undefined: the call is taken. */
  refusal(activeCalls: number, numberCalled: string): Refusal | undefined {
    const { clock, isProviderFull, maxCalls } = this.options;
    if (!this.isOpen) return 'stopping';
    if (maxCalls > 0 && activeCalls >= maxCalls) return 'call_limit';
    if (clock.now() < this.lateUntilMs) return 'overload';
    return isProviderFull(numberCalled) ? 'provider_limit' : undefined;
  }

  /** From here on no call is taken. */
  stop(): void {
    this.isOpen = false;
  }

  close(): void {
    this.timer?.cancel();
    this.options.delay?.close();
  }

  private lookLater(delay: LoopDelay): void {
    const { clock, maxDelayMs, onStall } = this.options;
    this.timer = clock.setTimer(LOOK_EVERY_MS, () => {
      const worstMs = delay.takeWorstMs();
      if (worstMs > maxDelayMs) {
        if (clock.now() >= this.lateUntilMs) onStall(worstMs);
        this.lateUntilMs = clock.now() + CALM_MS;
      }
      this.lookLater(delay);
    });
  }
}

export interface AdmissionOptions {
  clock: Clock;
  /** Undefined: never too late. */
  delay: LoopDelay | undefined;
  /** 0: no limit. */
  maxCalls: number;
  /** A delay beyond this is overload. */
  maxDelayMs: number;
  /** Every voice provider that answers the number has as many sessions as it allows. */
  isProviderFull: (numberCalled: string) => boolean;
  /** The process began to be late. */
  onStall: (delayMs: number) => void;
}

/** Node's own measure: a timer in native code that notices how late it fires. */
export function eventLoopDelay(): LoopDelay {
  // Each look wakes the process.
  const resolutionMs = 20;
  const histogram: IntervalHistogram = monitorEventLoopDelay({ resolution: resolutionMs });
  histogram.enable();
  return {
    takeWorstMs: () => {
      // One late moment in half a second is a collection of garbage or the system's doing; several are overload.
      const lateMs = histogram.percentile(90) / 1e6 - resolutionMs;
      histogram.reset();
      return Math.max(0, lateMs);
    },
    close: () => histogram.disable(),
  };
}
