import type { Clock, Timer } from '../../src/base/clock.js';

interface Pending {
  dueMs: number;
  order: number;
  callback: () => void;
}

/** For every test with timers: a clock that only {@link FakeClock.advance} moves. Timers fire in order of their due time. */
export class FakeClock implements Clock {
  private nowMs = 0;
  private order = 0;
  private readonly pending: Pending[] = [];
  private readonly startedEpochMs: number;

  constructor(startedEpochMs: number = Date.UTC(2026, 0, 1)) {
    this.startedEpochMs = startedEpochMs;
  }

  now(): number {
    return this.nowMs;
  }

  epochMs(): number {
    return this.startedEpochMs + this.nowMs;
  }

  /** How many timers are pending. A test asserts 0 to show that no timer leaks. */
  get timers(): number {
    return this.pending.length;
  }

  setTimer(delayMs: number, callback: () => void): Timer {
    const entry: Pending = { dueMs: this.nowMs + Math.max(0, delayMs), order: this.order++, callback };
    this.pending.push(entry);
    return {
      cancel: () => {
        this.remove(entry);
      },
    };
  }

  /** Moves time forward by `ms` and fires every timer that falls due, including timers set by other timers. */
  advance(ms: number): void {
    const untilMs = this.nowMs + ms;
    for (;;) {
      const next = this.next(untilMs);
      if (next === undefined) break;
      this.remove(next);
      this.nowMs = Math.max(this.nowMs, next.dueMs);
      next.callback();
    }
    this.nowMs = untilMs;
  }

  /** Moves time as a blocked process sees it: every timer that fell due meanwhile fires late, after `ms`. */
  stall(ms: number): void {
    this.nowMs += ms;
    this.advance(0);
  }

  /** The next timer that falls due until then. Whole calls set thousands of timers, so this neither sorts nor copies. */
  private next(untilMs: number): Pending | undefined {
    let next: Pending | undefined;
    for (const entry of this.pending) {
      if (entry.dueMs <= untilMs && (next === undefined || isEarlier(entry, next))) next = entry;
    }
    return next;
  }

  private remove(entry: Pending): void {
    const at = this.pending.indexOf(entry);
    if (at >= 0) this.pending.splice(at, 1);
  }
}

function isEarlier(a: Pending, b: Pending): boolean {
  return a.dueMs < b.dueMs || (a.dueMs === b.dueMs && a.order < b.order);
}
