import { type Clock, systemClock } from '../../src/base/clock.js';

/**
 * The system's clock, whose timers keep the process alive. A test that waits for one, and has no server, would else end before
 * its promise is settled.
 */
export const waitingClock: Clock = {
  ...systemClock,
  setTimer: (delayMs, callback) => {
    const timer = setTimeout(callback, delayMs);
    return { cancel: () => clearTimeout(timer) };
  },
};
