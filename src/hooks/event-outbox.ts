import { createHash } from 'node:crypto';
import type { Clock, Timer } from '../base/clock.js';
import type { NoteChange, SharedNotes } from '../journal/shared-notes.js';
import type { Logger } from '../telemetry/log.js';
import { NO_TALLY, type Tally, type ToldCall, type ToldEvent, together } from './call-event.js';
import { type EventSink, NotTaken } from './event-sinks.js';

/** What became of an event, or of one try. Closed sets, because they are metric labels. */
export type EventOutcome = 'delivered' | 'dead' | 'lost';

export interface EventOutboxOptions {
  notes: SharedNotes;
  /** Whether other instances read the same notes. */
  isShared: boolean;
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

/** What the journal keeps of the events of one call. */
export interface Outbox {
  call: ToldCall;
  /** Number of events so far. */
  sequence: number;
  /** Types of events that a call has once, and has had. */
  once: readonly string[];
  /** Oldest first. */
  pending: readonly Pending[];
  /** The instance that is sending the first one. */
  lease?: { by: string; untilMs: number } | undefined;
  tally: Tally;
}

interface Pending {
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

/** How long the journal keeps the events of a call after the last change. All tries together take less. */
const KEPT_MS = 24 * 3_600_000;
/** The same once the call is over and everything was taken, for what is told late or twice. */
const OVER_KEPT_MS = 3_600_000;
const DEAD_KEPT_MS = 30 * 24 * 3_600_000;
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
/** How often an event is written to a journal that does not answer, before it is lost. */
const JOURNAL_TRIES = 150;
/** Maximum number of events that wait for the journal. */
const MAX_UNWRITTEN = 5000;
/** Maximum number of events of one call that wait for the receiver. */
const MAX_PENDING = 100;
const SCAN_MS = 15_000;
const SHARDS = 16;
const MAX_CALLS_OF_SHARD = 2000;
/** Calls of other instances that one scan takes on. */
const MAX_TAKEN = 50;
const CLOSE_MS = 2000;

type Next = { is: 'event'; event: ToldEvent; tries: number } | { is: 'wait'; ms: number } | { is: 'done' };

/**
 * Keeps the events of calls in the journal until the receiver has taken them, in order for each call and at least once. An instance
 * that dies leaves them there, and another one sends them. No call waits for any of this.
 */
export class EventOutbox {
  private readonly options: EventOutboxOptions;
  /** The last write of each call. The next one waits for it, so that events keep their order. */
  private readonly writes = new Map<string, Promise<void>>();
  private readonly sending = new Set<string>();
  /** Calls whose next try is due later. */
  private readonly later = new Map<string, Timer>();
  private readonly queue: string[] = [];
  private readonly indexed = new Set<string>();
  private readonly wakes = new Set<() => void>();
  private readonly closing = new AbortController();
  private active = 0;
  private unwritten = 0;
  private scan: Timer | undefined;

  constructor(options: EventOutboxOptions) {
    this.options = options;
    if (options.isShared) this.scanLater(1000);
  }

  /** Begins the events of a call, unless an instance has. Then `event` has happened there, and is not told again. */
  begin(call: ToldCall, event: NewEvent): void {
    this.write(call.call_sid, 1, (outbox) =>
      outbox === undefined ? added({ call, sequence: 0, once: [], pending: [], tally: NO_TALLY }, event) : undefined,
    );
  }

  /** Tells an event of a call that has begun. Returns at once. `tally`: what this instance knows, and has not told before. */
  add(callSid: string, event: NewEvent, tally = NO_TALLY): void {
    this.write(callSid, 1, (outbox) => {
      if ((outbox?.pending.length ?? 0) >= MAX_PENDING) this.options.count('lost');
      return outbox && added(withTally(outbox, tally), event);
    });
  }

  /** Keeps what this instance knows of a call that another one takes over. */
  keep(callSid: string, tally: Tally): void {
    this.write(callSid, 0, (outbox) => outbox && withTally(outbox, tally));
  }

  /** Resolves when what was told is in the journal and what is being sent has ended, after two seconds at the latest. */
  async close(): Promise<void> {
    const { clock, count, log } = this.options;
    this.scan?.cancel();
    const unsent = [...this.later.keys()];
    for (const timer of this.later.values()) timer.cancel();
    this.later.clear();
    await new Promise<void>((resolve) => {
      const limit = clock.setTimer(CLOSE_MS, resolve);
      void this.settled().then(() => {
        limit.cancel();
        return resolve();
      });
    });
    this.closing.abort();
    for (const wake of this.wakes) wake();
    const events = this.unwritten + (await this.leftBy(unsent));
    if (events === 0) return;
    for (let lost = events; lost > 0; lost--) count('lost');
    log.error(
      { events },
      'events of calls are lost, because they were not taken before the end, and no other instance has them',
    );
  }

  /** Number of events of calls that nothing sends any more: without other instances, they were in the memory of this one. */
  private async leftBy(callSids: readonly string[]): Promise<number> {
    if (this.options.isShared) return 0;
    const outboxes = await Promise.all(callSids.map((callSid) => this.options.notes.read(place(callSid))));
    return (outboxes as (Outbox | undefined)[]).reduce((sum, outbox) => sum + (outbox?.pending.length ?? 0), 0);
  }

  private async settled(): Promise<void> {
    await Promise.all(this.writes.values());
    // Without other instances nobody else can send what is left.
    while (!this.closing.signal.aborted && (this.active > 0 || (!this.options.isShared && this.queue.length > 0)))
      await this.pause(20);
  }

  private get isClosed(): boolean {
    return this.closing.signal.aborted;
  }

  private write(callSid: string, events: number, change: (outbox: Outbox | undefined) => Outbox | undefined): void {
    const { count, log } = this.options;
    if (this.isClosed || this.unwritten >= MAX_UNWRITTEN) {
      if (events > 0) count('lost');
      return;
    }
    this.unwritten += events;
    const work = (this.writes.get(callSid) ?? Promise.resolve()).then(async () => {
      for (let tries = 1; tries <= JOURNAL_TRIES && !this.isClosed; tries++) {
        try {
          await this.index(callSid);
          await this.change(callSid, (outbox) => ({ value: change(outbox), result: undefined }));
          this.unwritten -= events;
          this.sendSoon(callSid);
          return;
        } catch {
          await this.pause(JOURNAL_AGAIN_MS);
        }
      }
      if (this.isClosed) return;
      this.unwritten -= events;
      if (events > 0) count('lost');
      log.error({ call_sid: callSid }, 'an event of a call is lost, because the journal does not take it');
    });
    this.writes.set(callSid, work);
    void work.finally(() => {
      if (this.writes.get(callSid) === work) this.writes.delete(callSid);
    });
  }

  private sendSoon(callSid: string): void {
    if (this.isClosed || this.sending.has(callSid)) return;
    this.later.get(callSid)?.cancel();
    this.later.delete(callSid);
    this.sending.add(callSid);
    this.queue.push(callSid);
    this.pump();
  }

  private sendLater(callSid: string, delayMs: number): void {
    if (this.isClosed || this.later.has(callSid)) return;
    const timer = this.options.clock.setTimer(delayMs, () => {
      this.later.delete(callSid);
      this.sendSoon(callSid);
    });
    this.later.set(callSid, timer);
  }

  private pump(): void {
    while (this.active < AT_ONCE && !this.isClosed) {
      const callSid = this.queue.shift();
      if (callSid === undefined) return;
      this.active++;
      void this.sendNext(callSid).then((next) => {
        this.active--;
        this.sending.delete(callSid);
        if (next === 'again') this.sendSoon(callSid);
        else if (next !== 'done') this.sendLater(callSid, next);
        this.pump();
      });
    }
  }

  /** Tries the first event of a call. Resolves with what follows: the next try at once, in so many milliseconds, or none. */
  private async sendNext(callSid: string): Promise<'again' | 'done' | number> {
    try {
      const next = await this.lease(callSid);
      if (next.is === 'wait') return next.ms;
      if (next.is === 'done') return await this.done(callSid);
      const failed = await this.attempt(next.event);
      if (failed !== undefined && next.tries + 1 >= this.options.maxTries) await this.bury(next.event);
      return await this.settle(callSid, next.event, failed);
    } catch {
      // The journal does not answer. What was sent is sent again, with the same id.
      return JOURNAL_AGAIN_MS;
    }
  }

  private lease(callSid: string): Promise<Next> {
    const { clock, instanceId } = this.options;
    return this.change<Next>(callSid, (outbox) => {
      const [head] = outbox?.pending ?? [];
      if (outbox === undefined || head === undefined) return { result: { is: 'done' } };
      const nowMs = clock.epochMs();
      const { lease } = outbox;
      if (lease !== undefined && lease.by !== instanceId && lease.untilMs > nowMs)
        return { result: { is: 'wait', ms: lease.untilMs - nowMs + FIRST_PAUSE_MS } };
      if (head.notBeforeMs > nowMs) return { result: { is: 'wait', ms: head.notBeforeMs - nowMs } };
      const value: Outbox = { ...outbox, lease: { by: instanceId, untilMs: nowMs + LEASE_MS } };
      return { value, result: { is: 'event', event: head.event, tries: head.tries } };
    });
  }

  /** Sends an event once. Resolves with why it was not taken. `undefined` if it was. */
  private async attempt(event: ToldEvent): Promise<string | undefined> {
    const { clock, onFailedTry, sink } = this.options;
    const abort = new AbortController();
    let limit: Timer | undefined;
    try {
      await Promise.race([
        sink.send(event, AbortSignal.any([abort.signal, this.closing.signal])),
        new Promise<never>((_resolve, reject) => {
          limit = clock.setTimer(TRY_MS, () => {
            reject(new NotTaken('late'));
            abort.abort();
          });
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
    const { clock, count, log, maxTries, sink } = this.options;
    const settled = await this.change<{ is: 'again' | 'dead' | 'gone' } | { is: 'wait'; ms: number; tries: number }>(
      callSid,
      (outbox) => {
        const [head, ...rest] = outbox?.pending ?? [];
        if (outbox === undefined || head?.event.id !== event.id) return { result: { is: 'gone' } };
        const free = { ...outbox, lease: undefined };
        if (failed === undefined) return { value: { ...free, pending: rest }, result: { is: 'again' } };
        const tries = head.tries + 1;
        if (tries >= maxTries) return { value: { ...free, pending: rest }, result: { is: 'dead' } };
        const ms = pauseAfter(tries);
        const waiting = { ...head, tries, notBeforeMs: clock.epochMs() + ms };
        return { value: { ...free, pending: [waiting, ...rest] }, result: { is: 'wait', ms, tries } };
      },
    );
    const fields = { call_sid: callSid, setting: sink.setting, event: event.type, kind: failed };
    switch (settled.is) {
      case 'again':
        count('delivered');
        return 'again';
      case 'gone':
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

  /** Keeps an event that was never taken. Comes before it leaves the outbox, so that a crash between loses none. */
  private async bury(event: ToldEvent): Promise<void> {
    const { notes } = this.options;
    const { call_sid: callSid } = event.call;
    await notes.change(deadPlace(callSid), DEAD_KEPT_MS, (value) => ({
      value: [...((value as ToldEvent[] | undefined) ?? []).filter(({ id }) => id !== event.id), event],
      result: undefined,
    }));
  }

  private change<Result>(
    callSid: string,
    change: (outbox: Outbox | undefined) => NoteChange<Result> & { value?: Outbox | undefined },
  ): Promise<Result> {
    return this.options.notes.change(place(callSid), KEPT_MS, (value) => change(value as Outbox | undefined));
  }

  /** Notes that the call has events, for other instances. */
  private async index(callSid: string): Promise<void> {
    if (!this.options.isShared || this.indexed.has(callSid)) return;
    await this.options.notes.change(shardOf(callSid), KEPT_MS, (value) => {
      const calls = (value as string[] | undefined) ?? [];
      const isIn = calls.includes(callSid) || calls.length >= MAX_CALLS_OF_SHARD;
      return { ...(isIn ? {} : { value: [...calls, callSid] }), result: undefined };
    });
    this.indexed.add(callSid);
  }

  /** Nothing of the call is left to be sent. If it is over, it is soon forgotten. */
  private async done(callSid: string): Promise<'again' | 'done'> {
    await this.options.notes.change(place(callSid), OVER_KEPT_MS, (value) => {
      const outbox = value as Outbox | undefined;
      const isOver = outbox?.pending.length === 0 && outbox.once.includes('call.ended');
      return { ...(isOver ? { value: outbox } : {}), result: undefined };
    });
    return this.unindex(callSid);
  }

  private async unindex(callSid: string): Promise<'again' | 'done'> {
    if (!this.options.isShared) return 'done';
    this.indexed.delete(callSid);
    await this.options.notes.change(shardOf(callSid), KEPT_MS, (value) => {
      const calls = (value as string[] | undefined) ?? [];
      return {
        ...(calls.includes(callSid) ? { value: calls.filter((one) => one !== callSid) } : {}),
        result: undefined,
      };
    });
    // An event may have come between the last look and the change of the index.
    const outbox = (await this.options.notes.read(place(callSid))) as Outbox | undefined;
    if ((outbox?.pending.length ?? 0) === 0) return 'done';
    await this.index(callSid);
    return 'again';
  }

  private scanLater(delayMs: number): void {
    this.scan = this.options.clock.setTimer(delayMs, () => {
      void this.takeOn().finally(() => {
        if (!this.isClosed) this.scanLater(SCAN_MS);
      });
    });
  }

  /** Sends the events of calls whose instance has died. Those of one that lives have a lease, or are not due. */
  private async takeOn(): Promise<void> {
    let taken = 0;
    for (let shard = 0; shard < SHARDS; shard++) {
      const calls = (await this.options.notes.read(shardName(shard)).catch(() => [])) as string[] | undefined;
      for (const callSid of calls ?? []) {
        if (this.sending.has(callSid) || this.later.has(callSid)) continue;
        if (++taken > MAX_TAKEN) return;
        this.sendSoon(callSid);
      }
    }
  }

  /** Waits, and no longer than until the outbox is closed. */
  private pause(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        timer.cancel();
        this.wakes.delete(wake);
        resolve();
      };
      const timer = this.options.clock.setTimer(delayMs, wake);
      this.wakes.add(wake);
    });
  }
}

function added(outbox: Outbox, { createdMs, data, isOnce = false, type }: NewEvent): Outbox {
  if (isOnce && outbox.once.includes(type)) return outbox;
  if (outbox.pending.length >= MAX_PENDING) return outbox;
  const { call } = outbox;
  const sequence = outbox.sequence + 1;
  const event: ToldEvent = {
    id: `${call.conversation_id}-${sequence}`,
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

function withTally(outbox: Outbox, tally: Tally): Outbox {
  return { ...outbox, tally: together(outbox.tally, tally) };
}

function pauseAfter(tries: number): number {
  return Math.min(FIRST_PAUSE_MS * 2 ** (tries - 1), LONGEST_PAUSE_MS);
}

function place(callSid: string): string {
  return `events.${callSid}`;
}

/** Where the dead letters of a call are kept. */
export function deadPlace(callSid: string): string {
  return `events-dead.${callSid}`;
}

function shardOf(callSid: string): string {
  return shardName((createHash('sha256').update(callSid).digest()[0] ?? 0) % SHARDS);
}

function shardName(shard: number): string {
  return `events-index.${shard}`;
}
