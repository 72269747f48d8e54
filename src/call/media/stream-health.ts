import { SILENCE_BUDGET } from '../../base/silence-budget.js';
import type { Clock, Timer } from '../../base/clock.js';

/** How an open stream has failed. A metric label, so a closed set. */
export type StreamFault = 'no_media' | 'marks_overdue';

const CHECK_EVERY_MS = 1000;

/**
 * Checks a stream whose socket is open: does the caller's audio arrive, and is the gateway's audio played? Reports the
 * first fault and then stops. A peer that vanished altogether is found by the stream's own pings.
 */
export class StreamHealth {
  private readonly clock: Clock;
  private readonly overdueMs: () => number;
  private readonly onFault: (fault: StreamFault) => void;
  private readonly onLook: () => void;
  private lastMediaMs: number;
  private maxGapMs: number = SILENCE_BUDGET.firstMediaMs;
  private timer: Timer | undefined;

  /** `overdueMs`: how late the next mark is, from the playback ledger. `onLook`: called after every good check. */
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
    this.scheduleCheck();
  }

  /** A frame of the caller's audio has arrived. `nowMs`: monotonic. */
  mediaCame(nowMs: number): void {
    this.lastMediaMs = nowMs;
    this.maxGapMs = SILENCE_BUDGET.mediaGapMs;
  }

  close(): void {
    this.timer?.cancel();
    this.timer = undefined;
  }

  private scheduleCheck(): void {
    const dueMs = this.clock.now() + CHECK_EVERY_MS;
    this.timer = this.clock.setTimer(CHECK_EVERY_MS, () => {
      // If the process was blocked, messages that arrived meanwhile have not been read yet.
      const wasBlocked = this.clock.now() - dueMs > CHECK_EVERY_MS;
      const fault = wasBlocked ? undefined : this.fault();
      if (fault !== undefined) {
        this.onFault(fault);
        return;
      }
      this.scheduleCheck();
      this.onLook();
    });
  }

  private fault(): StreamFault | undefined {
    if (this.overdueMs() > SILENCE_BUDGET.markOverdueMs) return 'marks_overdue';
    return this.clock.now() - this.lastMediaMs > this.maxGapMs ? 'no_media' : undefined;
  }
}
