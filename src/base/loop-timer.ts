import type { Clock, Timer } from './clock.js';

/** A part of the delay. The loop may be late in each, and each counts as no more than this. */
const PART_MS = 50;

/**
 * Sets a timer that does not count the lateness of this process' own event loop. A loop that was blocked runs its timers before
 * it reads its sockets, so a plain deadline would drop an answer that came in time. Here the answer is read first.
 *
 * The delay passes in parts. However late a part fires, the loop reads its sockets before the next one.
 */
export function setLoopTimer(clock: Clock, delayMs: number, callback: () => void): Timer {
  let leftMs = delayMs;
  let timer: Timer | undefined;
  const next = (): void => {
    if (leftMs <= 0) {
      callback();
      return;
    }
    const partMs = Math.min(PART_MS, leftMs);
    leftMs -= partMs;
    timer = clock.setTimer(partMs, next);
  };
  next();
  return { cancel: () => timer?.cancel() };
}
