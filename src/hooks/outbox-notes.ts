import { createHash } from 'node:crypto';
import type { SharedNotes } from '../journal/shared-notes.js';
import { type Outbox, isLost, isOver } from './outbox.js';

/** What a change makes of an outbox. Without `value` it stays as it is. */
export interface OutboxChange<Result> {
  value?: Outbox | undefined;
  result: Result;
}

/** How long the journal keeps the events of a call after the last change. All tries together take less. */
const KEPT_MS = 24 * 3_600_000;
/** The same once the call is over and everything was taken, for what is told late or twice. */
const OVER_KEPT_MS = 3_600_000;
/** How long the journal keeps the sign by which this process sees that it has lost nothing. */
const SIGN_KEPT_MS = 3_600_000;
const SHARDS = 16;
const MAX_CALLS_OF_SHARD = 2000;

/**
 * Keeps the outboxes of calls in the journal, and an index by which other instances find those of an instance that has died. A
 * journal that has lost everything gets back what this process has seen of its own calls.
 */
export class OutboxNotes {
  private readonly notes: SharedNotes;
  private readonly isShared: boolean;
  /** Calls of this process that are not over. */
  private readonly live = new Set<string>();
  /** The outboxes of those, and of calls with events that wait, as they were last. */
  private readonly seen = new Map<string, Outbox>();

  /** `isShared`: whether other instances read the same notes. */
  constructor(notes: SharedNotes, isShared: boolean) {
    this.notes = notes;
    this.isShared = isShared;
  }

  /** The call is in this process from now on. */
  hold(callSid: string): void {
    this.live.add(callSid);
  }

  /** The call is over, or another instance has it. */
  letGo(callSid: string): void {
    this.live.delete(callSid);
    if (this.seen.get(callSid)?.pending.length === 0) this.seen.delete(callSid);
  }

  /** Number of events that wait for the receiver, as far as this process has seen. */
  get waiting(): number {
    return [...this.seen.values()].reduce((sum, { pending }) => sum + pending.length, 0);
  }

  /** Changes the outbox of a call. `change` may be asked again. */
  async change<Result>(callSid: string, change: (outbox: Outbox | undefined) => OutboxChange<Result>): Promise<Result> {
    let last: Outbox | undefined;
    let wasLost = false;
    const result = await this.notes.change(place(callSid), KEPT_MS, (value) => {
      const held = value as Outbox | undefined;
      const seen = this.seen.get(callSid);
      wasLost = isLost(held, seen);
      const outbox = isLost(held, seen) ? seen : held;
      const changed = change(outbox);
      last = changed.value ?? outbox;
      return changed;
    });
    if (last !== undefined && (this.live.has(callSid) || last.pending.length > 0)) this.seen.set(callSid, last);
    else this.seen.delete(callSid);
    if (wasLost) await this.index(callSid);
    return result;
  }

  /** Adds events to the outbox of a call, for other instances to find if this one dies. */
  async fill<Result>(callSid: string, change: (outbox: Outbox | undefined) => OutboxChange<Result>): Promise<Result> {
    await this.index(callSid);
    const result = await this.change(callSid, change);
    // Another instance that found nothing may have taken the call out of the index just before the change.
    await this.index(callSid);
    return result;
  }

  private async index(callSid: string): Promise<void> {
    if (!this.isShared) return;
    await this.notes.change(shardOf(callSid), KEPT_MS, (value) => {
      const calls = (value as string[] | undefined) ?? [];
      const isIn = calls.includes(callSid) || calls.length >= MAX_CALLS_OF_SHARD;
      return { ...(isIn ? {} : { value: [...calls, callSid] }), result: undefined };
    });
  }

  /**
   * Writes back what this process has seen of its calls if the journal has started anew. Otherwise it would be lost with this
   * process. `sign`: the name of this process.
   */
  async writeBack(sign: string): Promise<void> {
    if (!(await this.notes.create(`events-sign.${sign}`, {}, SIGN_KEPT_MS))) return;
    for (const callSid of this.seen.keys())
      await this.change(callSid, (outbox) => ({ value: outbox, result: undefined }));
  }

  /** Nothing of the call waits. If it is over, it is soon forgotten. Resolves with whether an event has come meanwhile. */
  async rest(callSid: string): Promise<boolean> {
    await this.notes.change(place(callSid), OVER_KEPT_MS, (value) => {
      const outbox = value as Outbox | undefined;
      return { ...(outbox !== undefined && isOver(outbox) ? { value: outbox } : {}), result: undefined };
    });
    if (!this.isShared) return false;
    await this.notes.change(shardOf(callSid), KEPT_MS, (value) => {
      const calls = (value as string[] | undefined) ?? [];
      const others = calls.filter((one) => one !== callSid);
      return { ...(others.length < calls.length ? { value: others } : {}), result: undefined };
    });
    // An event may have come between the last look and the change of the index.
    const outbox = (await this.notes.read(place(callSid))) as Outbox | undefined;
    if ((outbox?.pending.length ?? 0) === 0) return false;
    await this.index(callSid);
    return true;
  }

  /** Yields the calls of all instances that have events. Leaves out what the journal does not say. */
  async *all(): AsyncGenerator<string> {
    for (let shard = 0; shard < SHARDS; shard++) {
      const calls = (await this.notes.read(shardName(shard)).catch(() => undefined)) as string[] | undefined;
      yield* calls ?? [];
    }
  }
}

function place(callSid: string): string {
  return `events.${callSid}`;
}

function shardOf(callSid: string): string {
  return shardName(shardNumber(callSid, SHARDS));
}

function shardName(shard: number): string {
  return `events-index.${shard}`;
}

/** Spreads calls evenly over the parts of an index, the same on every instance. */
export function shardNumber(callSid: string, shards: number): number {
  return (createHash('sha256').update(callSid).digest()[0] ?? 0) % shards;
}
