import type { Clock } from '../base/clock.js';

/** A call that has not begun yet, or is over. */
interface Lingering {
  worker: string;
  is: 'assigned' | 'over';
  sinceMs: number;
}

/** Late and repeated requests come within it; a call that was assigned has begun or never will. */
const REMEMBER_MS = 60_000;

/** Which worker has which call. */
export class CallTable {
  private readonly clock: Clock;
  private readonly live = new Map<string, string>();
  /** The oldest first. */
  private readonly lingering = new Map<string, Lingering>();

  constructor(clock: Clock) {
    this.clock = clock;
  }

  find(callSid: string): string | undefined {
    this.sweep();
    return this.live.get(callSid) ?? this.lingering.get(callSid)?.worker;
  }

  /** The worker that is to answer for the call; it says itself when the call has begun. */
  assign(callSid: string, worker: string): void {
    this.linger(callSid, { worker, is: 'assigned', sinceMs: this.clock.now() });
  }

  /** The worker has the call now, whoever had it before. */
  started(callSid: string, worker: string): void {
    this.lingering.delete(callSid);
    this.live.set(callSid, worker);
  }

  ended(callSid: string, worker: string): void {
    if (!this.forget(callSid, worker)) return;
    this.linger(callSid, { worker, is: 'over', sinceMs: this.clock.now() });
  }

  /** The worker leaves the call to whoever is asked about it next. False: it had it no more. */
  forget(callSid: string, worker: string): boolean {
    return this.live.get(callSid) === worker && this.live.delete(callSid);
  }

  /** The worker is gone: its calls are nobody's. Gives how many were live. */
  forgetWorker(worker: string): number {
    const before = this.live.size;
    for (const [callSid, owner] of this.live) if (owner === worker) this.live.delete(callSid);
    for (const [callSid, entry] of this.lingering) if (entry.worker === worker) this.lingering.delete(callSid);
    return before - this.live.size;
  }

  /** Calls that are not over, of all workers. */
  get size(): number {
    return this.owners().length;
  }

  /** `workers`, that with the fewest calls first; of equals, as they came. */
  byCalls(workers: readonly string[]): string[] {
    const calls = new Map(workers.map((worker) => [worker, 0]));
    for (const owner of this.owners()) {
      const count = calls.get(owner);
      if (count !== undefined) calls.set(owner, count + 1);
    }
    return [...calls].toSorted(([, a], [, b]) => a - b).map(([worker]) => worker);
  }

  /** The worker of each call that is not over. */
  private owners(): string[] {
    this.sweep();
    const assigned = [...this.lingering.values()].filter(({ is }) => is === 'assigned');
    return [...this.live.values(), ...assigned.map(({ worker }) => worker)];
  }

  private linger(callSid: string, entry: Lingering): void {
    this.lingering.delete(callSid);
    this.lingering.set(callSid, entry);
  }

  private sweep(): void {
    for (const [callSid, { sinceMs }] of this.lingering) {
      if (this.clock.now() - sinceMs < REMEMBER_MS) return;
      this.lingering.delete(callSid);
    }
  }
}
