import { randomBytes } from 'node:crypto';
import { NO_TALLY, type Tally, type ToldCall, type ToldEvent, together } from './call-event.js';

/** What the journal keeps of the events of one call. */
export interface Outbox {
  call: ToldCall;
  /** Number of events so far. */
  sequence: number;
  /** Types of events that a call has once, and has had. */
  once: readonly string[];
  /** Oldest first. */
  pending: readonly Pending[];
  /** The instance that is sending the first one. Each lease has an id of its own, by which others see that it is a new one. */
  lease?: { by: string; id: string } | undefined;
  tally: Tally;
}

export interface Pending {
  event: ToldEvent;
  tries: number;
  /** Milliseconds since the epoch, before which it is not tried. */
  notBeforeMs: number;
}

/** An event before it has its place among those of its call. */
export interface NewEvent {
  type: ToldEvent['type'];
  /** Whether a call has it once, whichever instances report it. */
  isOnce?: boolean;
  createdMs: number;
  /** Returns what it says, from what all instances know together. */
  data: (tally: Tally, call: ToldCall) => Readonly<Record<string, unknown>>;
}

/** Maximum number of events of one call that wait for the receiver. */
const MAX_PENDING = 100;

export function emptyOutbox(call: ToldCall): Outbox {
  return { call, sequence: 0, once: [], pending: [], tally: NO_TALLY };
}

/** Returns the outbox with one more event. `full`: too many wait. `told`: the call has had it. */
export function withEvent(
  outbox: Outbox,
  { createdMs, data, isOnce = false, type }: NewEvent,
): Outbox | 'full' | 'told' {
  if (isOnce && outbox.once.includes(type)) return 'told';
  if (outbox.pending.length >= MAX_PENDING) return 'full';
  const { call } = outbox;
  const sequence = outbox.sequence + 1;
  const event: ToldEvent = {
    // If a journal forgets the call, its sequence begins anew. Then an event that a call has once is still the same one, and another
    // one is taken for none that the receiver has.
    id: `${call.conversation_id}-${isOnce ? type.slice('call.'.length) : `${sequence}-${randomBytes(3).toString('hex')}`}`,
    type,
    created: new Date(createdMs).toISOString(),
    sequence,
    call,
    data: data(outbox.tally, call),
  };
  return {
    ...outbox,
    sequence,
    once: isOnce ? [...outbox.once, type] : outbox.once,
    pending: [...outbox.pending, { event, tries: 0, notBeforeMs: 0 }],
  };
}

export function withTally(outbox: Outbox, tally: Tally): Outbox {
  return { ...outbox, tally: together(outbox.tally, tally) };
}

/** Returns the outbox with dead letters behind what waits. `undefined` for the outbox of a call that was over and forgotten. */
export function withLetters(outbox: Outbox | undefined, letters: readonly ToldEvent[]): Outbox | undefined {
  const [first] = letters;
  if (first === undefined) return outbox;
  const { pending, ...rest } = outbox ?? {
    ...emptyOutbox(first.call),
    sequence: Math.max(...letters.map(({ sequence }) => sequence)),
    once: ['call.started', 'call.ended'],
  };
  const waiting = new Set(pending.map(({ event }) => event.id));
  const added = letters.filter(({ id }) => !waiting.has(id));
  return { ...rest, pending: [...pending, ...added.map((event) => ({ event, tries: 0, notBeforeMs: 0 }))] };
}

/**
 * Whether the journal has lost what this process has seen. Then it has nothing, or what an instance has written back that has seen
 * less of the call.
 */
export function isLost(held: Outbox | undefined, seen: Outbox | undefined): seen is Outbox {
  return seen !== undefined && (held?.sequence ?? 0) < seen.sequence;
}

/** Whether nothing waits and nothing more is told of the call, but for what is told late or twice. */
export function isOver({ once, pending }: Outbox): boolean {
  return pending.length === 0 && (once.includes('call.ended') || !once.includes('call.started'));
}
