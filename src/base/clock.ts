/** A timer that was set on a {@link Clock}. Cancelling twice, or after it fired, does nothing. */
export interface Timer {
  cancel(): void;
}

/**
 * Time as the gateway and the simulators see it. Everything that waits takes a clock, so that a test can move time by
 * hand (`test/fake-clock.ts`) instead of sleeping.
 */
export interface Clock {
  /** Monotonic milliseconds with sub-millisecond precision; only differences mean anything. */
  now(): number;
  /** Milliseconds since the Unix epoch, for records that leave the process. */
  epochMs(): number;
  /** Calls `callback` once, `delayMs` from now. A pending timer does not keep the process alive. */
  setTimer(delayMs: number, callback: () => void): Timer;
}

class SystemTimer implements Timer {
  private readonly handle: NodeJS.Timeout;
  constructor(delayMs: number, callback: () => void) {
    this.handle = setTimeout(callback, delayMs).unref();
  }
  cancel(): void {
    clearTimeout(this.handle);
  }
}

export const systemClock: Clock = {
  now: () => performance.now(),
  epochMs: () => Date.now(),
  setTimer: (delayMs, callback) => new SystemTimer(delayMs, callback),
};

/** Resolves after `delayMs` on `clock`; never rejects. */
export function sleep(clock: Clock, delayMs: number): Promise<void> {
  return new Promise((resolve) => {
    clock.setTimer(delayMs, resolve);
  });
}
