import type { Clock } from '../clock.js';

interface Entry {
  worker: string;
  stand: 'assigned' | 'live' | 'over';
  sinceMs: number;
}

/** A call that was assigned and did not begin, or that is over, is remembered for late and repeated requests. */
const REMEMBER_MS = 60_000;
const SWEEP_COUNT = 8;

/** Which worker has which call. */
export class CallTable {
  private readonly clock: Clock;
  private readonly entries = new Map<string, Entry>();

  constructor(clock: Clock) {
    this.clock = clock;
  }

  find(callSid: string): string | undefined {
    const entry = this.entries.get(callSid);
    return entry === undefined || this.isOld(entry) ? undefined : entry.worker;
  }

  /** The worker that is to answer for the call; it says itself when the call has begun. */
  assign(callSid: string, worker: string): void {
    this.put(callSid, worker, 'assigned');
  }

  /** The worker has the call now, whoever had it before. */
  started(callSid: string, worker: string): void {
    this.put(callSid, worker, 'live');
  }

  ended(callSid: string, worker: string): void {
    if (this.entries.get(callSid)?.worker === worker) this.put(callSid, worker, 'over');
  }

  /** The worker leaves the call to whoever is asked about it next. */
  forget(callSid: string, worker: string): void {
    if (this.entries.get(callSid)?.worker === worker) this.entries.delete(callSid);
  }

  /** The worker is gone: its calls are nobody's. Gives how many had not ended. */
  forgetWorker(worker: string): number {
    let live = 0;
    for (const [callSid, entry] of this.entries) {
      if (entry.worker !== worker) continue;
      if (entry.stand === 'live') live++;
      this.entries.delete(callSid);
    }
    return live;
  }

  /** Calls that are not over, of all workers. */
  get size(): number {
    return [...this.entries.values()].filter((entry) => this.counts(entry)).length;
  }

  /** The one of `workers` with the fewest calls; of several, the first. */
  leastBusy(workers: readonly string[]): string | undefined {
    const calls = new Map(workers.map((worker) => [worker, 0]));
    for (const entry of this.entries.values()) {
      const count = calls.get(entry.worker);
      if (count !== undefined && this.counts(entry)) calls.set(entry.worker, count + 1);
    }
    return [...calls].toSorted(([, a], [, b]) => a - b)[0]?.[0];
  }

  private counts(entry: Entry): boolean {
    return entry.stand !== 'over' && !this.isOld(entry);
  }

  private put(callSid: string, worker: string, stand: Entry['stand']): void {
    this.entries.delete(callSid);
    this.entries.set(callSid, { worker, stand, sinceMs: this.clock.now() });
    this.sweep();
  }

  /** Looks at the few that have stood longest, so that what is over does not pile up. */
  private sweep(): void {
    let looked = 0;
    for (const [callSid, entry] of this.entries) {
      if (this.isOld(entry)) this.entries.delete(callSid);
      if (++looked >= SWEEP_COUNT) return;
    }
  }

  private isOld({ sinceMs, stand }: Entry): boolean {
    return stand !== 'live' && this.clock.now() - sinceMs >= REMEMBER_MS;
  }
}
