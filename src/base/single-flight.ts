import type { Clock } from './clock.js';
import { taped } from './taped.js';

interface Entry<T> {
  work: Promise<T>;
  /** The result, once there is one. */
  done?: { value: T };
  untilMs: number;
}

/** Runs the work for a key once for all concurrent callers, and caches the result for `rememberedMs`. */
export class SingleFlight<T> {
  private readonly entries = new Map<string, Entry<T>>();
  private readonly clock: Clock;
  private readonly rememberedMs: number;
  private readonly maxEntries: number;

  constructor(options: { clock: Clock; rememberedMs: number; maxEntries: number }) {
    this.clock = options.clock;
    this.rememberedMs = options.rememberedMs;
    this.maxEntries = options.maxEntries;
  }

  /** Returns the cached or pending result for `key`, else runs `work`. A rejection is not cached, so the next call runs it again. */
  get(key: string, work: () => Promise<T>): Promise<T> {
    const known = this.entries.get(key);
    // Another call may have asked before.
    const remembered = taped('remembered', () => (this.isFresh(known) ? known?.done : undefined));
    if (remembered !== undefined) return Promise.resolve(remembered.value);
    if (known !== undefined && this.isFresh(known)) return known.work;
    this.entries.delete(key);
    const [oldest] = this.entries.keys();
    if (oldest !== undefined && this.entries.size >= this.maxEntries) this.entries.delete(oldest);
    const entry: Entry<T> = { work: work(), untilMs: Number.POSITIVE_INFINITY };
    this.entries.set(key, entry);
    entry.work.then(
      (value) => {
        entry.done = { value };
        entry.untilMs = this.clock.now() + this.rememberedMs;
      },
      () => {
        if (this.entries.get(key) === entry) this.entries.delete(key);
      },
    );
    return entry.work;
  }

  private isFresh(entry: Entry<T> | undefined): boolean {
    return entry !== undefined && this.clock.now() < entry.untilMs;
  }

  forget(key: string): void {
    this.entries.delete(key);
  }
}
