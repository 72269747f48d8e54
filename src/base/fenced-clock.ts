import type { Clock } from './clock.js';

/**
 * Returns a clock whose timers cannot end the process: an error that a callback throws goes to `onError`, and only what
 * that callback still had to do is lost.
 */
export function fencedClock(clock: Clock, onError: (error: unknown) => void): Clock {
  return {
    now: () => clock.now(),
    epochMs: () => clock.epochMs(),
    setTimer: (delayMs, callback) =>
      clock.setTimer(delayMs, () => {
        try {
          callback();
        } catch (error) {
          onError(error);
        }
      }),
  };
}
