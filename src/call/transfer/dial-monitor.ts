import type { Clock, Timer } from '../../base/clock.js';

export interface DialWatchOptions {
  clock: Clock;
  /** Asks Twilio whether the call is over; undefined: it does not say. Absent without credentials for its REST interface. */
  isOver: (() => Promise<boolean | undefined>) | undefined;
  onOver: () => void;
  /** The result is not coming any more. */
  onExpired: () => void;
}

const LOOK_EVERY_MS = 5 * 60_000;
/** Twilio's longest `<Dial>` is four hours. */
const EXPIRES_MS = 4.25 * 3_600_000;

/**
 * A call that is with a human is quiet for minutes or hours, and the instance that Twilio then tells its end may die with that
 * knowledge, or have no journal to write it to. So Twilio is asked now and then. Cancelling the timer ends it.
 */
export function watchDial({ clock, isOver, onExpired, onOver }: DialWatchOptions): Timer {
  const expiresMs = clock.now() + EXPIRES_MS;
  let isCancelled = false;
  let next: Timer;

  const lookLater = (): void => {
    next = clock.setTimer(LOOK_EVERY_MS, () => void look());
  };
  const look = async (): Promise<void> => {
    if (clock.now() >= expiresMs) {
      onExpired();
      return;
    }
    const over = await isOver?.();
    if (isCancelled) return;
    if (over === true) onOver();
    else lookLater();
  };

  lookLater();
  return {
    cancel: () => {
      isCancelled = true;
      next.cancel();
    },
  };
}
