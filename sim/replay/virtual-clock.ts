import type { Clock, Timer } from '../../src/base/clock.js';

interface Pending {
  dueMs: number;
  order: number;
  /** `undefined` once it is cancelled. */
  callback: (() => void) | undefined;
}

/** A timer of Node fires about this late, and so after what came in the same moment. */
const LATE_MS = 1;

/** A clock that moves only from one event of a tape to the next, and to the timers between. */
export class VirtualClock implements Clock {
  private nowMs = 0;
  private order = 0;
  /** A binary heap by due time. */
  private readonly heap: Pending[] = [];
  private readonly startedAtMs: number;

  constructor(startedAtMs: number) {
    this.startedAtMs = startedAtMs;
  }

  now(): number {
    return this.nowMs;
  }

  epochMs(): number {
    return this.startedAtMs + this.nowMs;
  }

  setTimer(delayMs: number, callback: () => void): Timer {
    const pending: Pending = {
      dueMs: this.nowMs + Math.max(0, delayMs) + LATE_MS,
      order: this.order++,
      callback,
    };
    this.push(pending);
    return {
      cancel: () => {
        pending.callback = undefined;
      },
    };
  }

  /** Fires the timers that are due until then, and lets `settle` finish what each of them began. */
  async advanceTo(untilMs: number, settle: () => Promise<void>): Promise<void> {
    for (;;) {
      const next = this.heap[0];
      if (next === undefined || next.dueMs > untilMs) break;
      this.pop();
      if (next.callback === undefined) continue;
      this.nowMs = Math.max(this.nowMs, next.dueMs);
      next.callback();
      await settle();
    }
    this.nowMs = Math.max(this.nowMs, untilMs);
  }

  private push(pending: Pending): void {
    const { heap } = this;
    let at = heap.push(pending) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!isBefore(pending, heap[parent] as Pending)) break;
      heap[at] = heap[parent] as Pending;
      at = parent;
    }
    heap[at] = pending;
  }

  private pop(): void {
    const { heap } = this;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1] as Pending, heap[child] as Pending)) child++;
      if (!isBefore(heap[child] as Pending, last)) break;
      heap[at] = heap[child] as Pending;
      at = child;
    }
    heap[at] = last;
  }
}

function isBefore(a: Pending, b: Pending): boolean {
  return a.dueMs < b.dueMs || (a.dueMs === b.dueMs && a.order < b.order);
}
