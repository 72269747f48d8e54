import type { Clock } from '../base/clock.js';

/** A call that has not started yet, or is over. */
interface Lingering {
  worker: string;
  is: 'assigned' | 'over';
  sinceMs: number;
}

/** How long such a call is kept, for late and repeated requests. An assigned call has started by then or never will. */
const REMEMBER_MS = 60_000;

/** Knows which worker has which call. */
export class CallTable {
  private readonly clock: Clock;
  private readonly live = new Map<string, string>();
  /** Oldest first. */
  private readonly lingering = new Map<string, Lingering>();

  constructor(clock: Clock) {
    this.clock = clock;
  }

  find(callSid: string): string | undefined {
    this.sweep();
    return this.live.get(callSid) ?? this.lingering.get(callSid)?.worker;
  }

  /** Assigns a new call to a worker. The worker reports with `started` when the call has started. */
  assign(callSid: string, worker: string): void {
    this.linger(callSid, { worker, is: 'assigned', sinceMs: this.clock.now() });
  }

  /** Makes `worker` the owner of the call, in place of any other. */
  started(callSid: string, worker: string): void {
    this.lingering.delete(callSid);
    this.live.set(callSid, worker);
  }

  ended(callSid: string, worker: string): void {
    if (!this.forget(callSid, worker)) return;
    this.linger(callSid, { worker, is: 'over', sinceMs: this.clock.now() });
  }

  /** Removes a call that its worker gives up to the next worker that is asked. Returns `false` if the worker did not have it. */
  forget(callSid: string, worker: string): boolean {
    return this.live.get(callSid) === worker && this.live.delete(callSid);
  }

  /** Removes all calls of a worker that is gone. Returns how many of them were live. */
  forgetWorker(worker: string): number {
    const before = this.live.size;
    for (const [callSid, owner] of this.live) if (owner === worker) this.live.delete(callSid);
    for (const [callSid, entry] of this.lingering) if (entry.worker === worker) this.lingering.delete(callSid);
    return before - this.live.size;
  }

  /** Number of calls of all workers that are not over. */
  get size(): number {
    return this.owners().length;
  }

  /** Sorts `workers` by their number of calls, fewest first. Equals keep their order. */
  byCalls(workers: readonly string[]): string[] {
    const calls = new Map(workers.map((worker) => [worker, 0]));
    for (const owner of this.owners()) {
      const count = calls.get(owner);
      if (count !== undefined) calls.set(owner, count + 1);
    }
    return [...calls].toSorted(([, a], [, b]) => a - b).map(([worker]) => worker);
  }

  /** Returns the worker of each call that is not over. */
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
