import type { Clock } from '../src/clock.js';

/** The system's time, `speed` times faster: for simulators, so that a test does not wait for ringing and tones. */
export function scaledClock(speed: number): Clock {
  return {
    now: () => performance.now() * speed,
    epochMs: () => Date.now(),
    setTimer: (delayMs, callback) => {
      const handle = setTimeout(callback, delayMs / speed);
      return { cancel: () => clearTimeout(handle) };
    },
  };
}
