import type { Clock } from '../base/clock.js';
import type { BackendWrite, HeldData, JournalBackend } from './backend.js';

interface Kept {
  epoch: number;
  owner: string;
  data: Buffer;
  writtenMs: number;
  expiresMs: number;
}

/**
 * Keeps entries in the memory of this process. Enough for one instance, which has its calls in memory anyway, and for tests
 * with several.
 */
export class MemoryBackend implements JournalBackend {
  readonly kind = 'memory';
  private readonly clock: Clock;
  private readonly kept = new Map<string, Kept>();
  /** Where the next search for expired entries begins. */
  private cursor: Iterator<[string, Kept]> | undefined;

  constructor(clock: Clock) {
    this.clock = clock;
  }

  async write({ callSid, data, epoch, owner, ttlMs }: BackendWrite): Promise<number | 'fenced'> {
    const held = this.find(callSid);
    const isOthers = held !== undefined && held.owner !== owner;
    if (isOthers && epoch !== 'unread' && held.epoch >= epoch) return 'fenced';
    const next = epoch === 'unread' ? (held?.epoch ?? 0) + 1 : Math.max(held?.epoch ?? 0, epoch);
    this.kept.delete(callSid);
    const nowMs = this.clock.now();
    this.kept.set(callSid, { epoch: next, owner, data, writtenMs: nowMs, expiresMs: nowMs + ttlMs });
    this.sweep();
    return next;
  }

  async claim(callSid: string, owner: string): Promise<HeldData | undefined> {
    const held = this.find(callSid);
    if (held === undefined) return undefined;
    held.epoch++;
    held.owner = owner;
    return this.heldData(held);
  }

  async read(callSid: string): Promise<HeldData | undefined> {
    const held = this.find(callSid);
    return held === undefined ? undefined : this.heldData(held);
  }

  onConnection(): void {
    // Memory is always connected.
  }

  close(): void {
    // Keeps its entries, because in tests two journals over one memory stand for two instances.
  }

  private heldData({ data, epoch, writtenMs }: Kept): HeldData {
    return { epoch, data, ageMs: this.clock.now() - writtenMs };
  }

  private find(callSid: string): Kept | undefined {
    const held = this.kept.get(callSid);
    return held === undefined || held.expiresMs <= this.clock.now() ? undefined : held;
  }

  /** Checks the next few entries, so that expired ones do not pile up behind those that are kept for long. */
  private sweep(): void {
    for (let looked = 0; looked < SWEEP_COUNT; looked++) {
      this.cursor ??= this.kept.entries();
      const next = this.cursor.next();
      if (next.done === true) {
        this.cursor = undefined;
        return;
      }
      const [callSid, { expiresMs }] = next.value;
      if (expiresMs <= this.clock.now()) this.kept.delete(callSid);
    }
  }
}

const SWEEP_COUNT = 8;
