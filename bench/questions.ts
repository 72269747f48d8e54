import type { LoopDelays } from './loop-delay.js';
import type { InsideTimes } from './stopwatch.js';

/** What a benchmark asks the measured process, over the channel between parent and child. */
export type Question = 'start-counting' | 'counted' | 'held';

export interface Counted extends InsideTimes {
  cpuMs: number;
  /** How late the event loop ran its timers. `undefined` unless the process was told to watch it. */
  loopDelayMs: LoopDelays | undefined;
}

export interface Held {
  /** Resident memory. */
  residentBytes: number;
  /** Objects and buffers alive after a collection. */
  aliveBytes: number;
}
