/** A timer set on a {@link Clock}. Cancelling it twice, or after it fired, does nothing. */
export interface Timer {
  cancel(): void;
}

/**
 * The source of time for the gateway and the simulators. Code that waits takes a clock, so that a test can advance time
 * (`test/support/fake-clock.ts`) instead of sleeping.
 */
export interface Clock {
  /** Monotonic milliseconds with sub-millisecond precision. Only differences between two readings mean anything. */
  now(): number;
  /** Milliseconds since the Unix epoch, for timestamps that leave the process. */
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
