import { SILENCE_BUDGET } from '../../base/silence-budget.js';
import type { Clock, Timer } from '../../base/clock.js';

/** What is wrong with a line that is open and yet carries nothing. A metric label: a closed set. */
export type StreamFault = 'no_media' | 'marks_overdue';

const LOOK_EVERY_MS = 1000;

/**
 * Watches a line whose socket is open: does the caller's audio still come, is ours still played? Says so once when not;
 * a peer that vanished altogether is noticed by the stream's own pings.
 */
export class StreamHealth {
  private readonly clock: Clock;
  private readonly overdueMs: () => number;
  private readonly onFault: (fault: StreamFault) => void;
  private readonly onLook: () => void;
  private lastMediaMs: number;
  private limitMs: number = SILENCE_BUDGET.firstMediaMs;
  private timer: Timer | undefined;

  /** `overdueMs`: how long the playback ledger has been waiting for a mark beyond its time. `onLook`: every second. */
  constructor(options: {
    clock: Clock;
    overdueMs: () => number;
    onFault: (fault: StreamFault) => void;
    onLook?: () => void;
  }) {
    this.clock = options.clock;
    this.overdueMs = options.overdueMs;
    this.onFault = options.onFault;
    this.onLook = options.onLook ?? (() => undefined);
    this.lastMediaMs = this.clock.now();
    this.lookLater();
  }

  /** A frame of the caller's came. `nowMs`: monotonic. */
  mediaCame(nowMs: number): void {
    this.lastMediaMs = nowMs;
    this.limitMs = SILENCE_BUDGET.mediaGapMs;
  }

  close(): void {
    this.timer?.cancel();
    this.timer = undefined;
  }

  private lookLater(): void {
    const dueMs = this.clock.now() + LOOK_EVERY_MS;
    this.timer = this.clock.setTimer(LOOK_EVERY_MS, () => {
      // When this process was held up, what came meanwhile has not been read yet.
      const isLate = this.clock.now() - dueMs > LOOK_EVERY_MS;
      const fault = isLate ? undefined : this.fault();
      if (fault !== undefined) {
        this.onFault(fault);
        return;
      }
      this.lookLater();
      this.onLook();
    });
  }

  private fault(): StreamFault | undefined {
    if (this.overdueMs() > SILENCE_BUDGET.markOverdueMs) return 'marks_overdue';
    return this.clock.now() - this.lastMediaMs > this.limitMs ? 'no_media' : undefined;
  }
}
