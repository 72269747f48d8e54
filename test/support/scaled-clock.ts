import type { Clock, Timer } from '../../src/base/clock.js';
import { FakeClock } from './fake-clock.js';

// For tests of whole calls: a clock faster than real time.

/** Minimum step of time. Sockets are served between the steps. */
const STEP_MS = 10;
const SKIP_STEP_MS = 200;
/** Number of ticks without a pending timer and without use after which the clock stops. The next use starts it again. */
const IDLE_TICKS = 2000;

/**
 * Returns a clock that runs up to `speed` times faster than real time, so that a test does not wait for ringing and tones. All
 * parts of a call must share it. `maxJumpMs` is the maximum time that passes in one turn of the event loop. The smaller it is,
 * the less the machine's own delays count as waiting.
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

  /** On a busy machine time runs slower instead of jumping, so that events keep their order. */
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

  /** How many timers are pending. */
  get timers(): number {
    return this.time.timers;
  }

  setTimer(delayMs: number, callback: () => void): Timer {
    this.run();
    return this.time.setTimer(delayMs, callback);
  }

  /** Moves time fast, in small steps between which sockets are served and other processes answer. */
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
    // One step in each turn of the event loop, so that the sockets deliver before time moves again.
    if (this.owedMs < STEP_MS) return;
    const stepMs = Math.min(this.owedMs, this.maxJumpMs);
    this.owedMs -= stepMs;
    this.time.advance(stepMs);
  }
}
