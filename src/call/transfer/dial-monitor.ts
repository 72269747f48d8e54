import type { Clock, Timer } from '../../base/clock.js';

export interface DialWatchOptions {
  clock: Clock;
  /** Asks Twilio whether the call is over. Resolves with `undefined` if Twilio does not say. Absent without credentials. */
  isOver: (() => Promise<boolean | undefined>) | undefined;
  onOver: () => void;
  /** Called when the dial has lasted longer than Twilio allows, so that its result cannot come any more. */
  onExpired: () => void;
}

const LOOK_EVERY_MS = 5 * 60_000;
/** Twilio's longest `<Dial>` is four hours. */
const EXPIRES_MS = 4.25 * 3_600_000;

/**
 * Asks Twilio now and then whether a dialled call is over. Such a call is quiet for minutes or hours. The instance that Twilio
 * tells of its end may die before it can write that down, and then no instance would ever end the call. Cancelling the returned
 * timer stops the questions.
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
