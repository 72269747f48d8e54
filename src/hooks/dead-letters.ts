import type { Clock } from '../base/clock.js';
import type { SharedNotes } from '../journal/shared-notes.js';
import type { ToldEvent } from './call-event.js';
import { shardNumber } from './outbox-notes.js';

/** An event that was never taken. */
export interface DeadLetter {
  event: ToldEvent;
  /** Why the last try was not taken, as in the log. */
  kind: string;
  /** Milliseconds since the epoch. */
  diedMs: number;
}

/** The dead letters of one call, in the list of all. */
export interface DeadLettersOfCall {
  callSid: string;
  letters: number;
  /** When the latest one died, in milliseconds since the epoch. */
  diedMs: number;
}

const KEPT_MS = 30 * 24 * 3_600_000;
/** What is deleted is overwritten and then forgotten at once. */
const DELETED_MS = 1000;
const SHARDS = 16;
/** Bounds what a receiver that is down for a day costs the journal: 8,000 calls in all. */
const MAX_CALLS_OF_SHARD = 500;

/** Keeps the events that were never taken in the journal, until the operator sends them again or deletes them. */
export class DeadLetters {
  private readonly notes: SharedNotes;
  private readonly clock: Clock;
  private readonly onDropped: (letters: number) => void;

  /** `onDropped`: the letters of an older call had to make room. */
  constructor(notes: SharedNotes, clock: Clock, onDropped: (letters: number) => void) {
    this.notes = notes;
    this.clock = clock;
    this.onDropped = onDropped;
  }

  /** Keeps events of one call. A letter that is there stays one letter. */
  async keep(callSid: string, events: readonly ToldEvent[], kind: string): Promise<void> {
    const diedMs = this.clock.epochMs();
    await this.change(callSid, (letters) => [
      ...letters.filter(({ event }) => !events.some(({ id }) => id === event.id)),
      ...events.map((event) => ({ event, kind, diedMs })),
    ]);
  }

  /** Returns every call that has some, latest first. */
  async list(): Promise<DeadLettersOfCall[]> {
    const shards = await Promise.all(Array.from({ length: SHARDS }, (_, shard) => this.notes.read(shardName(shard))));
    return (shards as (DeadLettersOfCall[] | undefined)[])
      .flatMap((calls) => calls ?? [])
      .toSorted((a, b) => b.diedMs - a.diedMs);
  }

  /** Returns the letters of one call, in the order of its events. */
  async of(callSid: string): Promise<readonly DeadLetter[]> {
    return ((await this.notes.read(place(callSid))) as DeadLetter[] | undefined) ?? [];
  }

  /** Deletes letters of a call. A letter that has died meanwhile stays. */
  async remove(callSid: string, ids: readonly string[]): Promise<void> {
    await this.change(callSid, (letters) => letters.filter(({ event }) => !ids.includes(event.id)));
  }

  private async change(callSid: string, change: (letters: readonly DeadLetter[]) => DeadLetter[]): Promise<void> {
    const left = await this.notes.change(place(callSid), KEPT_MS, (value) => {
      const letters = change((value as DeadLetter[] | undefined) ?? []);
      return { value: letters.toSorted((a, b) => a.event.sequence - b.event.sequence), result: letters };
    });
    if (left.length === 0) await this.forget(callSid);
    const dropped = await this.index(callSid, left);
    if (dropped === undefined) return;
    await this.forget(dropped.callSid);
    this.onDropped(dropped.letters);
  }

  /** Resolves with the call that had to make room. */
  private index(callSid: string, left: readonly DeadLetter[]): Promise<DeadLettersOfCall | undefined> {
    const oldestMs = this.clock.epochMs() - KEPT_MS;
    return this.notes.change(shardName(shardNumber(callSid, SHARDS)), KEPT_MS, (value) => {
      const calls = ((value as DeadLettersOfCall[] | undefined) ?? []).filter(
        (call) => call.callSid !== callSid && call.diedMs > oldestMs,
      );
      if (left.length > 0)
        calls.push({ callSid, letters: left.length, diedMs: Math.max(...left.map(({ diedMs }) => diedMs)) });
      const isFull = calls.length > MAX_CALLS_OF_SHARD;
      const [oldest] = isFull ? calls.toSorted((a, b) => a.diedMs - b.diedMs) : [];
      return { value: calls.filter((call) => call !== oldest), result: oldest };
    });
  }

  private async forget(callSid: string): Promise<void> {
    await this.notes.change(place(callSid), DELETED_MS, () => ({ value: [], result: undefined }));
  }
}

function place(callSid: string): string {
  return `events-dead.${callSid}`;
}

function shardName(shard: number): string {
  return `events-dead-index.${shard}`;
}
