import { randomUUID } from 'node:crypto';
import type { Clock, Timer } from '../base/clock.js';
import type { Logger } from '../telemetry/log.js';
import type { ToldEvent } from './call-event.js';
import type { DeadLetters } from './dead-letters.js';
import { type EventSink, NotTaken } from './event-sinks.js';
import type { OutboxNotes } from './outbox-notes.js';

/** What became of an event. A metric label, so a closed set. */
export type EventOutcome = 'delivered' | 'dead' | 'lost';

export interface EventSenderOptions {
  outboxes: OutboxNotes;
  letters: DeadLetters;
  /** Identifies this process. */
  instanceId: string;
  sink: EventSink;
  /** Maximum number of tries. */
  maxTries: number;
  clock: Clock;
  count: (outcome: EventOutcome) => void;
  /** One try was not taken. */
  onFailedTry: () => void;
  log: Logger;
}

/** Maximum time of one try. */
const TRY_MS = 10_000;
/** How long a try is the matter of one instance. Longer than a try, so that another one tries only after a crash. */
const LEASE_MS = 30_000;
const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 5 * 60_000;
/** Tries at once. A receiver that hangs holds up events, and no call. */
const AT_ONCE = 8;
/** Delay before the journal is asked again that did not answer. */
const JOURNAL_AGAIN_MS = 2000;
/** Maximum number of calls with events that wait for the receiver. It bounds what an outage costs memory and journal. */
const MAX_WAITING = 5000;

type Next = { is: 'event'; event: ToldEvent; tries: number } | { is: 'wait'; ms: number } | { is: 'done' };
type Settled = { is: 'taken' | 'dead' | 'gone' } | { is: 'wait'; ms: number; tries: number };

/** Sends the events of calls from their outboxes to the receiver, the oldest of each call first, until each was taken. */
export class EventSender {
  private readonly options: EventSenderOptions;
  /** Calls whose first event is being sent, or is about to be. */
  private readonly sending = new Set<string>();
  /** Calls whose next try is due later. */
  private readonly later = new Map<string, Timer>();
  private readonly queue: string[] = [];
  /** Leases of other instances, and until when this one waits for what follows. */
  private readonly watched = new Map<string, { id: string; untilMs: number }>();
  private readonly tries = new Set<AbortController>();
  private isStopped = false;

  constructor(options: EventSenderOptions) {
    this.options = options;
  }

  /** Sends what waits for the receiver, as soon as there is room. */
  send(callSid: string): void {
    if (this.isStopped || this.sending.has(callSid)) return;
    this.later.get(callSid)?.cancel();
    this.later.delete(callSid);
    this.sending.add(callSid);
    if (this.isFull) void this.giveUp(callSid);
    else {
      this.queue.push(callSid);
      this.pump();
    }
  }

  /** Whether this instance is sending events of the call, or will. */
  has(callSid: string): boolean {
    return this.sending.has(callSid) || this.later.has(callSid);
  }

  /** Whether no more calls can wait. */
  get isFull(): boolean {
    return this.queue.length + this.later.size >= MAX_WAITING;
  }

  /** Whether a first try is being made, or waits for its turn. */
  get isBusy(): boolean {
    return this.sending.size > 0;
  }

  /** Makes no more tries, and ends those that are being made. */
  stop(): void {
    this.isStopped = true;
    this.queue.length = 0;
    for (const timer of this.later.values()) timer.cancel();
    this.later.clear();
    for (const abort of this.tries) abort.abort();
  }

  private sendLater(callSid: string, delayMs: number): void {
    if (this.isStopped || this.later.has(callSid)) return;
    const timer = this.options.clock.setTimer(delayMs, () => {
      this.later.delete(callSid);
      this.send(callSid);
    });
    this.later.set(callSid, timer);
  }

  private pump(): void {
    while (this.tries.size < AT_ONCE && !this.isStopped) {
      const callSid = this.queue.shift();
      if (callSid === undefined) return;
      const abort = new AbortController();
      this.tries.add(abort);
      void this.sendNext(callSid, abort).then((next) => {
        this.tries.delete(abort);
        this.ended(callSid, next);
        this.pump();
      });
    }
  }

  private ended(callSid: string, next: 'again' | 'done' | number): void {
    this.sending.delete(callSid);
    if (next === 'again') this.send(callSid);
    else if (next === 'done') this.watched.delete(callSid);
    else this.sendLater(callSid, next);
  }

  /** Tries the first event of a call. Resolves with what follows: the next try at once, a number of milliseconds later, or none. */
  private async sendNext(callSid: string, abort: AbortController): Promise<'again' | 'done' | number> {
    const { letters, maxTries, outboxes } = this.options;
    try {
      const next = await this.lease(callSid);
      if (next.is === 'wait') return next.ms;
      if (next.is === 'done') return (await outboxes.rest(callSid)) ? 'again' : 'done';
      if (this.isStopped) return 'done';
      const failed = await this.attempt(next.event, abort);
      // The next process, or another instance, tries again.
      if (failed !== undefined && this.isStopped) return 'done';
      // Kept before it leaves the outbox, so that a crash between loses none.
      if (failed !== undefined && next.tries + 1 >= maxTries) await letters.keep(callSid, [next.event], failed);
      return await this.settle(callSid, next.event, failed);
    } catch {
      // The journal does not answer. What was sent is sent again, with the same id.
      return JOURNAL_AGAIN_MS;
    }
  }

  private lease(callSid: string): Promise<Next> {
    const { clock, instanceId, outboxes } = this.options;
    return outboxes.change<Next>(callSid, (outbox) => {
      const [head] = outbox?.pending ?? [];
      if (outbox === undefined || head === undefined) return { result: { is: 'done' } };
      const waitMs = this.othersMs(callSid, outbox.lease);
      if (waitMs > 0) return { result: { is: 'wait', ms: waitMs } };
      const nowMs = clock.epochMs();
      if (head.notBeforeMs > nowMs) return { result: { is: 'wait', ms: head.notBeforeMs - nowMs } };
      const lease = { by: instanceId, id: randomUUID() };
      return { value: { ...outbox, lease }, result: { is: 'event', event: head.event, tries: head.tries } };
    });
  }

  /**
   * Returns how long to wait for another instance. It has its time from when this one first sees its lease, so it does not matter
   * whether their clocks agree.
   */
  private othersMs(callSid: string, lease: { by: string; id: string } | undefined): number {
    const { clock, instanceId } = this.options;
    if (lease === undefined || lease.by === instanceId) return 0;
    const watched = this.watched.get(callSid);
    if (watched?.id === lease.id) return watched.untilMs - clock.now();
    this.watched.set(callSid, { id: lease.id, untilMs: clock.now() + LEASE_MS });
    return LEASE_MS;
  }

  /** Sends an event once. Resolves with why it was not taken. `undefined` if it was. */
  private async attempt(event: ToldEvent, abort: AbortController): Promise<string | undefined> {
    const { clock, onFailedTry, sink } = this.options;
    let limit: Timer | undefined;
    try {
      await Promise.race([
        sink.send(event, abort.signal),
        new Promise<never>((_resolve, reject) => {
          limit = clock.setTimer(TRY_MS, () => {
            reject(new NotTaken('late'));
            abort.abort();
          });
          abort.signal.addEventListener('abort', () => reject(new NotTaken('late')));
        }),
      ]);
      return undefined;
    } catch (error) {
      onFailedTry();
      return error instanceof NotTaken ? error.kind : 'threw';
    } finally {
      limit?.cancel();
    }
  }

  private async settle(callSid: string, event: ToldEvent, failed: string | undefined): Promise<'again' | number> {
    const { clock, count, instanceId, log, maxTries, outboxes, sink } = this.options;
    const settled = await outboxes.change<Settled>(callSid, (outbox) => {
      const [head, ...rest] = outbox?.pending ?? [];
      const isOurs = outbox?.lease?.by === instanceId;
      // Another instance has had its turn meanwhile. What it knows is newer, unless the event was taken here.
      if (outbox === undefined || head?.event.id !== event.id || (failed !== undefined && !isOurs))
        return { result: { is: 'gone' } };
      const free = { ...outbox, lease: undefined };
      if (failed === undefined) return { value: { ...free, pending: rest }, result: { is: 'taken' } };
      const tries = head.tries + 1;
      if (tries >= maxTries) return { value: { ...free, pending: rest }, result: { is: 'dead' } };
      const ms = pauseAfter(tries);
      const waiting = { ...head, tries, notBeforeMs: clock.epochMs() + ms };
      return { value: { ...free, pending: [waiting, ...rest] }, result: { is: 'wait', ms, tries } };
    });
    const fields = { call_sid: callSid, setting: sink.setting, event: event.type, kind: failed };
    switch (settled.is) {
      case 'gone':
        return 'again';
      case 'taken':
        count('delivered');
        return 'again';
      case 'dead':
        count('dead');
        log.error({ ...fields, tries: maxTries }, 'an event of a call was never taken, and is kept as a dead letter');
        return 'again';
      case 'wait':
        if (settled.tries === 1) log.warn(fields, 'an event of a call was not taken, and is tried again');
        return settled.ms;
    }
  }

  /** Keeps the events of a call as dead letters at once, because too many calls wait. */
  private async giveUp(callSid: string): Promise<void> {
    const { count, letters, log, outboxes, sink } = this.options;
    try {
      const pending = await outboxes.change(callSid, (outbox) => ({ result: outbox?.pending ?? [] }));
      const events = pending.map(({ event }) => event);
      const ids = new Set(events.map(({ id }) => id));
      if (events.length > 0) await letters.keep(callSid, events, 'too_many');
      await outboxes.change(callSid, (outbox) => ({
        value: outbox && { ...outbox, pending: outbox.pending.filter(({ event }) => !ids.has(event.id)) },
        result: undefined,
      }));
      for (let dead = events.length; dead > 0; dead--) count('dead');
      const fields = { call_sid: callSid, setting: sink.setting, events: events.length };
      if (events.length > 0)
        log.error(fields, 'events of a call are kept as dead letters, because too many calls wait');
      this.ended(callSid, (await outboxes.rest(callSid)) ? FIRST_PAUSE_MS : 'done');
    } catch {
      this.ended(callSid, JOURNAL_AGAIN_MS);
    }
  }
}

function pauseAfter(tries: number): number {
  return Math.min(FIRST_PAUSE_MS * 2 ** (tries - 1), LONGEST_PAUSE_MS);
}
