import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks';
import type { Clock, Timer } from '../base/clock.js';

/** Why a new call is refused. A metric label, so a closed set. */
export type Refusal = 'stopping' | 'call_limit' | 'overload' | 'provider_limit';

/** A new call that was refused. */
export interface RefusedCall {
  callSid: string;
  /** As Twilio sends it. */
  from: string;
  to: string;
  reason: Refusal;
  /** Whether an agent is dialled instead. Otherwise the caller hears that all lines are busy. */
  isPutThrough: boolean;
}

/** Measures how late the event loop runs its timers. */
export interface LoopDelay {
  /** Returns the worst delay since the last call. */
  takeWorstMs(): number;
  close(): void;
}

const CHECK_EVERY_MS = 500;
/**
 * Late checks in a row before the process counts as overloaded. Loading at the start, or another process on the machine, makes
 * one check late, and the next one shows whether the process keeps up.
 */
const LATE_CHECKS = 2;
/** How long new calls are refused after a late check. Calls accepted just before need a moment to show in the delay. */
const RECOVERY_MS = 5000;

/**
 * Decides whether a new call is accepted. If the event loop is so late that the audio of running calls would suffer,
 * new callers go to a human until the process has kept up for {@link RECOVERY_MS}.
 */
export class Admission {
  private readonly options: AdmissionOptions;
  private timer: Timer | undefined;
  private overloadedUntilMs = Number.NEGATIVE_INFINITY;
  private lateChecks = 0;
  private isOpen = true;

  constructor(options: AdmissionOptions) {
    this.options = options;
    if (options.delay !== undefined) this.scheduleCheck(options.delay);
  }

  /** Returns why a new call is refused. `undefined` if it is accepted. */
  refusal(activeCalls: number, numberCalled: string, hasPriority = false): Refusal | undefined {
    const { clock, isProviderFull, maxCalls } = this.options;
    if (!this.isOpen) return 'stopping';
    if (maxCalls > 0 && activeCalls >= maxCalls + (hasPriority ? roomAbove(maxCalls) : 0)) return 'call_limit';
    if (clock.now() < this.overloadedUntilMs) return 'overload';
    return isProviderFull(numberCalled) ? 'provider_limit' : undefined;
  }

  /** Refuses every call from now on. */
  stop(): void {
    this.isOpen = false;
  }

  close(): void {
    this.timer?.cancel();
    this.options.delay?.close();
  }

  private scheduleCheck(delay: LoopDelay): void {
    const { clock, maxDelayMs, onStall } = this.options;
    this.timer = clock.setTimer(CHECK_EVERY_MS, () => {
      const worstMs = delay.takeWorstMs();
      this.lateChecks = worstMs > maxDelayMs ? this.lateChecks + 1 : 0;
      if (this.lateChecks >= LATE_CHECKS) {
        if (clock.now() >= this.overloadedUntilMs) onStall(worstMs);
        this.overloadedUntilMs = clock.now() + RECOVERY_MS;
      }
      this.scheduleCheck(delay);
    });
  }
}

export interface AdmissionOptions {
  clock: Clock;
  /** `undefined`: the event loop is not checked. */
  delay: LoopDelay | undefined;
  /** Maximum number of calls at once. 0: no limit. */
  maxCalls: number;
  /** Maximum event-loop delay. Beyond it the process is overloaded. */
  maxDelayMs: number;
  /** Whether every voice provider for the number has reached its limit of sessions. */
  isProviderFull: (numberCalled: string) => boolean;
  /** Called once when an overload begins. */
  onStall: (delayMs: number) => void;
}

/** How many calls with priority are accepted above the limit. */
function roomAbove(maxCalls: number): number {
  return Math.ceil(maxCalls / 10);
}

/** Opens Node's own measure, a native timer that notices how late it fires. */
export function eventLoopDelay(): LoopDelay {
  // Each sample wakes the process.
  const resolutionMs = 20;
  const histogram: IntervalHistogram = monitorEventLoopDelay({ resolution: resolutionMs });
  histogram.enable();
  return {
    takeWorstMs: () => {
      // One late sample in half a second comes from garbage collection or the system. Several mean overload.
      const lateMs = histogram.percentile(90) / 1e6 - resolutionMs;
      histogram.reset();
      return Math.max(0, lateMs);
    },
    close: () => histogram.disable(),
  };
}
