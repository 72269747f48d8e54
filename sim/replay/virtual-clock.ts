import type { Clock, Timer } from '../../src/base/clock.js';

interface Pending {
  dueMs: number;
  order: number;
  /** `undefined` once it is cancelled. */
  callback: (() => void) | undefined;
}

/** A timer of Node fires about this late, and so after what came in the same moment. */
const LATE_MS = 1;
/** How much later each look at the clock is after the end. */
const AFTER_END_MS = 1000;
/** Due times are written to a thousandth. */
const KEYS_PER_MS = 1000;

/**
 * A clock that moves only from one event of a tape to the next, and to the timers between. A timer that is on the tape fires
 * when it did. One that the recorded run did not have fires when it is due.
 */
export class VirtualClock implements Clock {
  private nowMs: number;
  private isOver = false;
  private readonly beginMs: number;
  private order = 0;
  /** A binary heap by due time. */
  private readonly heap: Pending[] = [];
  private readonly byDue = new Map<number, Pending[]>();
  private readonly startedAtMs: number;
  /** How many timers of the tape are still to fire, by the time at which they were due. */
  private readonly recorded = new Map<number, number>();

  /** `beginMs`: what the clock showed when the call began. `startedAtMs`: the same moment since the epoch. */
  constructor({ beginMs, startedAtMs }: { beginMs: number; startedAtMs: number }, recordedDueMs: readonly number[]) {
    this.beginMs = beginMs;
    this.nowMs = beginMs;
    this.startedAtMs = startedAtMs;
    for (const dueMs of recordedDueMs) this.recorded.set(keyOf(dueMs), (this.recorded.get(keyOf(dueMs)) ?? 0) + 1);
  }

  now(): number {
    if (this.isOver) this.nowMs += AFTER_END_MS;
    return this.nowMs;
  }

  epochMs(): number {
    return this.startedAtMs + this.nowMs - this.beginMs;
  }

  setTimer(delayMs: number, callback: () => void): Timer {
    const pending: Pending = {
      dueMs: this.nowMs + Math.max(0, delayMs),
      order: this.order++,
      callback,
    };
    this.push(pending);
    const key = this.keyOf(pending);
    const sameTime = this.byDue.get(key);
    if (sameTime === undefined) this.byDue.set(key, [pending]);
    else sameTime.push(pending);
    return {
      cancel: () => {
        pending.callback = undefined;
      },
    };
  }

  /** Fires the timers that are due until this time of the call, and lets `settle` finish what each of them began. */
  async advanceTo(callMs: number, settle: () => Promise<void>): Promise<void> {
    const untilMs = this.beginMs + callMs;
    for (;;) {
      const next = this.heap[0];
      if (next === undefined || next.dueMs + LATE_MS > untilMs) break;
      this.pop();
      const key = this.keyOf(next);
      if (next.callback === undefined || this.isRecorded(key)) continue;
      this.nowMs = Math.max(this.nowMs, next.dueMs + LATE_MS);
      this.fire(next, key);
      await settle();
    }
    this.nowMs = Math.max(this.nowMs, untilMs);
  }

  /** Ends the replay. From now on every look at the clock finds it later, so that nobody waits for ever. */
  end(): void {
    this.isOver = true;
  }

  /** Fires the timer that was due at this time of the tape, if there is one today. */
  fireRecorded(dueMs: number): void {
    const recorded = keyOf(dueMs);
    this.recorded.set(recorded, (this.recorded.get(recorded) ?? 1) - 1);
    for (const key of near(recorded)) {
      const pending = this.byDue.get(key)?.find(({ callback }) => callback !== undefined);
      if (pending === undefined) continue;
      this.fire(pending, key);
      return;
    }
  }

  private keyOf({ dueMs }: Pending): number {
    return keyOf(dueMs - this.beginMs);
  }

  private isRecorded(key: number): boolean {
    return near(key).some((other) => (this.recorded.get(other) ?? 0) > 0);
  }

  private fire(pending: Pending, key: number): void {
    const { callback } = pending;
    pending.callback = undefined;
    const left = this.byDue.get(key)?.filter((other) => other.callback !== undefined) ?? [];
    if (left.length === 0) this.byDue.delete(key);
    else this.byDue.set(key, left);
    callback?.();
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

function keyOf(dueMs: number): number {
  return Math.round(dueMs * KEYS_PER_MS);
}

/** The same time, as rounding may have it. */
function near(key: number): number[] {
  return [key, key - 1, key + 1];
}

function isBefore(a: Pending, b: Pending): boolean {
  return a.dueMs < b.dueMs || (a.dueMs === b.dueMs && a.order < b.order);
}
