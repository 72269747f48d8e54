import type { Timer } from '../base/clock.js';
import type { SharedNotes } from '../journal/shared-notes.js';
import { NO_TALLY, type Tally, type ToldCall } from './call-event.js';
import { DeadLetters } from './dead-letters.js';
import { EventSender, type EventSenderOptions } from './event-sender.js';
import { type NewEvent, type Outbox, emptyOutbox, withEvent, withLetters, withTally } from './outbox.js';
import { OutboxNotes } from './outbox-notes.js';

export interface EventOutboxOptions extends Omit<EventSenderOptions, 'outboxes' | 'letters'> {
  notes: SharedNotes;
  /** Whether other instances read the same notes. */
  isShared: boolean;
}

/** Delay before an event is written again to a journal that does not answer. */
const JOURNAL_AGAIN_MS = 2000;
/** How often it is written before it is lost. */
const JOURNAL_TRIES = 150;
/** Maximum number of events that wait for the journal. */
const MAX_UNWRITTEN = 5000;
const SCAN_MS = 15_000;
/** Calls of other instances that one scan takes on. */
const MAX_TAKEN = 50;
const CLOSE_MS = 2000;

/**
 * Keeps the events of calls in the journal until the receiver has taken them, in order for each call and at least once. An instance
 * that dies leaves them there, and another one sends them. No call waits for any of this.
 */
export class EventOutbox {
  /** The events that were never taken. */
  readonly letters: DeadLetters;
  private readonly options: EventOutboxOptions;
  private readonly outboxes: OutboxNotes;
  private readonly sender: EventSender;
  /** The last write of each call. The next one waits for it, so that events keep their order. */
  private readonly writes = new Map<string, Promise<void>>();
  private readonly wakes = new Set<() => void>();
  private isClosed = false;
  private unwritten = 0;
  private scan: Timer | undefined;

  constructor(options: EventOutboxOptions) {
    const { clock, isShared, notes } = options;
    this.options = options;
    this.outboxes = new OutboxNotes(notes, isShared);
    this.letters = new DeadLetters(notes, clock, (letters) => {
      this.lost(letters, 'dead letters of an older call are lost, because there are too many');
    });
    this.sender = new EventSender({ ...options, outboxes: this.outboxes, letters: this.letters });
    if (isShared) this.scanLater(1000);
  }

  /** A call is in this process from now on. Tells `event`, unless an instance has. */
  begin(call: ToldCall, event: NewEvent): void {
    this.outboxes.hold(call.call_sid);
    this.tell(call, event);
  }

  /** Tells the only event of a call that does not begin here. */
  tell(call: ToldCall, event: NewEvent): void {
    this.write(call.call_sid, 1, (outbox) => withEvent(outbox ?? emptyOutbox(call), event));
  }

  /** Tells an event of a call that has begun. Returns at once. `tally`: what this instance knows, and has not told before. */
  add(callSid: string, event: NewEvent, tally = NO_TALLY): void {
    this.write(callSid, 1, (outbox) => outbox && withEvent(withTally(outbox, tally), event));
  }

  /** Tells the last event of a call. */
  end(callSid: string, event: NewEvent, tally: Tally): void {
    this.add(callSid, event, tally);
    this.leave(callSid);
  }

  /** Keeps what this instance knows of a call that another one takes over. */
  keep(callSid: string, tally: Tally): void {
    this.write(callSid, 0, (outbox) => outbox && withTally(outbox, tally));
    this.leave(callSid);
  }

  /**
   * Puts the dead letters of a call behind what waits for the receiver. Resolves with their number.
   * @throws BackendFailure if the journal does not answer
   */
  async sendAgain(callSid: string): Promise<number> {
    const events = (await this.letters.of(callSid)).map(({ event }) => event);
    if (events.length === 0) return 0;
    await this.outboxes.fill(callSid, (outbox) => ({ value: withLetters(outbox, events), result: undefined }));
    const ids = events.map(({ id }) => id);
    await this.letters.remove(callSid, ids);
    this.sender.send(callSid);
    return events.length;
  }

  /** Resolves when what was told is in the journal and what is being sent has ended, after two seconds at the latest. */
  async close(): Promise<void> {
    const { clock, isShared } = this.options;
    this.scan?.cancel();
    await new Promise<void>((resolve) => {
      const limit = clock.setTimer(CLOSE_MS, resolve);
      void this.settled().then(() => {
        limit.cancel();
        return resolve();
      });
    });
    this.isClosed = true;
    this.scan?.cancel();
    this.sender.stop();
    for (const wake of this.wakes) wake();
    this.lost(
      this.unwritten + (isShared ? 0 : this.outboxes.waiting),
      'events of calls are lost, because they were not taken before the end, and no other instance has them',
    );
  }

  private async settled(): Promise<void> {
    await Promise.all(this.writes.values());
    while (!this.isClosed && this.sender.isBusy) await this.pause(20);
  }

  private leave(callSid: string): void {
    // After the write, which still needs what was seen of the call.
    void (this.writes.get(callSid) ?? Promise.resolve()).finally(() => this.outboxes.letGo(callSid));
  }

  private lost(events: number, why: string, callSid?: string): void {
    const { count, log } = this.options;
    if (events === 0) return;
    for (let lost = events; lost > 0; lost--) count('lost');
    log.error({ ...(callSid === undefined ? {} : { call_sid: callSid }), events }, why);
  }

  private write(
    callSid: string,
    events: number,
    change: (outbox: Outbox | undefined) => ReturnType<typeof withEvent> | undefined,
  ): void {
    if (this.isClosed || this.unwritten >= MAX_UNWRITTEN) {
      this.lost(events, 'an event of a call is lost, because too many wait for the journal', callSid);
      return;
    }
    this.unwritten += events;
    const work = (this.writes.get(callSid) ?? Promise.resolve()).then(async () => {
      for (let tries = 1; tries <= JOURNAL_TRIES && !this.isClosed; tries++) {
        try {
          await this.written(callSid, change);
          this.unwritten -= events;
          this.sender.send(callSid);
          return;
        } catch {
          await this.pause(JOURNAL_AGAIN_MS);
        }
      }
      // What is left at the end is counted there.
      if (this.isClosed) return;
      this.unwritten -= events;
      this.lost(events, 'an event of a call is lost, because the journal does not take it', callSid);
    });
    this.writes.set(callSid, work);
    void work.finally(() => {
      if (this.writes.get(callSid) === work) this.writes.delete(callSid);
    });
  }

  private async written(
    callSid: string,
    change: (outbox: Outbox | undefined) => ReturnType<typeof withEvent> | undefined,
  ): Promise<void> {
    const outcome = await this.outboxes.fill<'full' | undefined>(callSid, (outbox) => {
      const changed = change(outbox);
      return typeof changed === 'string'
        ? { result: changed === 'full' ? 'full' : undefined }
        : { value: changed, result: undefined };
    });
    if (outcome === 'full')
      this.lost(1, 'an event of a call is lost, because too many of the call wait for the receiver', callSid);
  }

  private scanLater(delayMs: number): void {
    this.scan = this.options.clock.setTimer(delayMs, () => {
      void this.lookAround().finally(() => {
        if (!this.isClosed) this.scanLater(SCAN_MS);
      });
    });
  }

  private async lookAround(): Promise<void> {
    // A journal that does not answer is asked again at the next look.
    await this.outboxes.writeBack(this.options.instanceId).catch(() => undefined);
    await this.takeOn();
  }

  /** Sends the events of calls whose instance has died. Those of one that lives have a lease, or are not due. */
  private async takeOn(): Promise<void> {
    let taken = 0;
    for await (const callSid of this.outboxes.all()) {
      if (this.isClosed || this.sender.isFull || taken === MAX_TAKEN) return;
      if (this.sender.has(callSid)) continue;
      taken++;
      this.sender.send(callSid);
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
