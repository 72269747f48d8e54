import type { Clock, Timer } from '../../src/base/clock.js';
import { FakeClock } from './fake-clock.js';

/** Time moves in steps this small, with sockets served in between. */
const STEP_MS = 10;
const SKIP_STEP_MS = 200;
/** A clock nobody has asked for this long stands still until somebody does. */
const IDLE_TICKS = 2000;

/**
 * Time that runs up to `speed` times faster than the machine's: for whole calls in a test, which do not wait for ringing
 * and tones. Everybody on a call has to use the same one. `maxJumpMs`: time that passes in one turn of the event loop at most; the
 * less it is, the less what the machine needs counts as what a call waits for.
 */
export function scaledClock(speed: number, maxJumpMs = 40): ScaledClock {
  return new ScaledClock(speed, maxJumpMs);
}

export class ScaledClock implements Clock {
  private readonly speed: number;
  private readonly maxJumpMs: number;
  private readonly time = new FakeClock(Date.now());
  private ticking: NodeJS.Timeout | undefined;
  private lastRealMs = 0;
  private owedMs = 0;
  private idleTicks = 0;

  /** On a busy machine time runs slower instead of jumping: what was to happen one after the other still does. */
  constructor(speed: number, maxJumpMs: number) {
    this.speed = speed;
    this.maxJumpMs = maxJumpMs;
  }

  now(): number {
    this.run();
    return this.time.now();
  }

  epochMs(): number {
    return this.time.epochMs();
  }

  /** How many timers are waiting. */
  get timers(): number {
    return this.time.timers;
  }

  setTimer(delayMs: number, callback: () => void): Timer {
    this.run();
    return this.time.setTimer(delayMs, callback);
  }

  /** Time passes fast, in small steps between which sockets are served and other processes answer. */
  async skip(durationMs: number): Promise<void> {
    for (let passedMs = 0; passedMs < durationMs; passedMs += SKIP_STEP_MS) {
      this.time.advance(SKIP_STEP_MS);
      await new Promise((resolve) => {
        setTimeout(resolve, 1);
      });
    }
  }

  private run(): void {
    this.idleTicks = 0;
    if (this.ticking !== undefined) return;
    this.lastRealMs = performance.now();
    this.ticking = setInterval(() => this.tick(), 1).unref();
  }

  private tick(): void {
    const realMs = performance.now();
    this.owedMs += Math.min(this.maxJumpMs, (realMs - this.lastRealMs) * this.speed);
    this.lastRealMs = realMs;
    if (this.time.timers === 0 && ++this.idleTicks > IDLE_TICKS) {
      clearInterval(this.ticking);
      this.ticking = undefined;
      return;
    }
    // One step a turn of the event loop: what is on the sockets arrives before time goes on.
    if (this.owedMs < STEP_MS) return;
    const stepMs = Math.min(this.owedMs, this.maxJumpMs);
    this.owedMs -= stepMs;
    this.time.advance(stepMs);
  }
}
