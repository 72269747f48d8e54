import type { Clock, Timer } from '../base/clock.js';
import type { CallBoard } from './call-board.js';
import { Encoded } from './encoded.js';
import type { CallRow, ConsoleEvent } from './messages.js';
import type { InstanceUpdate, Opened, OtherInstances } from './other-instances.js';
import { RemoteCalls } from './remote-calls.js';
import { TapesOfOthers } from './tapes.js';

/** Maximum number of watchers of this process. */
export const MAX_WATCHERS = 20;
/** Minimum time between two batches. */
const BATCH_MS = 250;
/** How often a watcher hears something, so that no proxy takes the connection for dead. */
const COMMENT_MS = 15_000;
/** Interval in which a watched instance reports that it lives, and a watching one looks for instances that no longer report. */
const LIFE_MS = 2500;
/** Maximum wait for the calls of the other instances before a snapshot goes out without them. */
const OTHERS_MS = 1000;

/** One open stream of events, whatever carries it. It closes itself if its reader is too slow. */
export interface Watcher {
  /** The call whose events it gets, too. */
  readonly callSid: string | undefined;
  send(message: Encoded): void;
  /** Sends something without a meaning. */
  comment(): void;
  end(): void;
}

/**
 * Tells watchers what changes, on this instance and on the others: at most four times a second, nothing if nothing has
 * changed, and each message encoded once for all. While nobody watches, here or elsewhere, it has no timer and does not listen.
 */
export class WatchHub {
  private readonly clock: Clock;
  private readonly board: CallBoard;
  private readonly others: OtherInstances | undefined;
  private readonly onCount: (watchers: number) => void;
  private readonly remote: RemoteCalls;
  private readonly tapes: TapesOfOthers;
  private readonly watchers = new Set<Watcher>();
  /** Watchers that wait for their snapshot. */
  private readonly joining = new Set<Watcher>();
  /** What watchers on other instances have opened. `undefined` if there are none. */
  private wantedElsewhere: ReadonlySet<string> | undefined;
  private readonly changedHere = new Set<string>();
  private readonly changedElsewhere = new Set<string>();
  /** New events of the calls that a watcher has opened. */
  private readonly eventsHere = new Map<string, Set<ConsoleEvent>>();
  private readonly eventsElsewhere = new Map<string, Set<ConsoleEvent>>();
  /** The calls that the watchers know to be live. */
  private readonly known = new Set<string>();
  private seq = 0;
  private batch: Timer | undefined;
  private comments: Timer | undefined;
  private life: Timer | undefined;
  private lastBatchMs = Number.NEGATIVE_INFINITY;
  private isDraining = false;

  /** `others`: absent if there are no other instances. `onCount`: called with the number of watchers when it changes. */
  constructor(options: {
    clock: Clock;
    board: CallBoard;
    others?: OtherInstances | undefined;
    tapes?: TapesOfOthers;
    onCount: (watchers: number) => void;
  }) {
    this.clock = options.clock;
    this.board = options.board;
    this.others = options.others;
    this.onCount = options.onCount;
    this.remote = new RemoteCalls(options.clock);
    this.tapes = options.tapes ?? new TapesOfOthers(undefined);
    this.tapes.onFound = (callSid) => this.noteElsewhere([callSid]);
  }

  /** Whether there is no room for another watcher. */
  get isFull(): boolean {
    return this.watchers.size >= MAX_WATCHERS;
  }

  /**
   * Begins to tell `watcher`, with a snapshot. What changed shortly before is in it, and in the next batch again. The owner
   * calls {@link remove} when its connection is over.
   */
  add(watcher: Watcher): void {
    const isFirst = this.watchers.size === 0;
    this.watchers.add(watcher);
    this.joining.add(watcher);
    this.onCount(this.watchers.size);
    this.listen();
    if (isFirst) this.commentLater();
    this.others?.watch(this.opened);
    if (this.others === undefined) this.welcome(watcher, []);
    else void this.welcomeLater(watcher, this.others, isFirst);
  }

  remove(watcher: Watcher): void {
    if (!this.watchers.delete(watcher)) return;
    this.joining.delete(watcher);
    this.onCount(this.watchers.size);
    this.others?.watch(this.watchers.size === 0 ? undefined : this.opened);
    if (this.watchers.size > 0) return;
    this.comments?.cancel();
    this.known.clear();
    this.remote.clear();
    this.tapes.clear();
    this.changedElsewhere.clear();
    this.eventsElsewhere.clear();
    this.listen();
  }

  /** Sends every watcher away, because the process is about to stop. */
  drain(): void {
    this.isDraining = true;
    this.flush();
    for (const watcher of this.watchers) this.sayGoodbye(watcher);
  }

  /** Others watch, or do not any more. */
  onWatched(opened: Opened): void {
    this.wantedElsewhere = opened === undefined ? undefined : new Set(opened);
    this.listen();
  }

  /** Another instance tells what has changed there. */
  onUpdate(instance: string, update: InstanceUpdate): void {
    if (this.watchers.size === 0) return;
    this.noteElsewhere(this.remote.update(instance, update));
    for (const [callSid, events] of update.events) {
      if (!this.isOpenedHere(callSid)) continue;
      for (const event of events) noteIn(this.eventsElsewhere, callSid, event);
      this.flushSoon();
    }
  }

  /** Another instance is gone. */
  onLost(instance: string): void {
    this.noteElsewhere(this.remote.lost(instance));
  }

  private get opened(): string[] {
    return [...this.watchers].flatMap(({ callSid }) => (callSid === undefined ? [] : [callSid]));
  }

  private isOpenedHere(callSid: string): boolean {
    for (const watcher of this.watchers) if (watcher.callSid === callSid) return true;
    return false;
  }

  /** Listens to the board and sets the timers, if anybody watches here or elsewhere. */
  private listen(): void {
    const isWatched = this.watchers.size > 0 || this.wantedElsewhere !== undefined;
    if (isWatched === (this.board.onChange !== undefined)) return;
    if (isWatched) {
      this.board.onChange = (callSid, event) => this.onChange(callSid, event);
      if (this.others !== undefined) this.showLifeLater(this.others);
      return;
    }
    this.board.onChange = undefined;
    this.changedHere.clear();
    this.eventsHere.clear();
    this.batch?.cancel();
    this.batch = undefined;
    this.life?.cancel();
  }

  private onChange(callSid: string, event: ConsoleEvent | undefined): void {
    if (event === undefined) this.changedHere.add(callSid);
    else if (this.wantedElsewhere?.has(callSid) === true || this.isOpenedHere(callSid))
      noteIn(this.eventsHere, callSid, event);
    this.flushSoon();
  }

  private noteElsewhere(callSids: readonly string[]): void {
    if (callSids.length === 0) return;
    for (const callSid of callSids) this.changedElsewhere.add(callSid);
    this.flushSoon();
  }

  private flushSoon(): void {
    if (this.batch !== undefined) return;
    const inMs = Math.max(0, this.lastBatchMs + BATCH_MS - this.clock.now());
    this.batch = this.clock.setTimer(inMs, () => this.flush());
  }

  /** Sends a watcher what is known. `events`: those of its call on other instances. */
  private welcome(watcher: Watcher, events: readonly ConsoleEvent[]): void {
    this.joining.delete(watcher);
    const calls = [...new Set([...this.board.callSids, ...this.remote.callSids])].flatMap((sid) => this.row(sid) ?? []);
    for (const { callSid } of calls) this.known.add(callSid);
    watcher.send(new Encoded('snapshot', { seq: this.seq, now: this.clock.epochMs(), calls, total: calls.length }));
    const { callSid } = watcher;
    if (callSid !== undefined) {
      const all = inOrder([...events, ...(this.board.find(callSid)?.events ?? [])]);
      watcher.send(new Encoded('timeline', { callSid, events: all }));
    }
    if (this.isDraining) this.sayGoodbye(watcher);
  }

  private async welcomeLater(watcher: Watcher, others: OtherInstances, isFirst: boolean): Promise<void> {
    const { callSid } = watcher;
    const [lists, call] = await Promise.all([
      isFirst ? others.ask('lists', undefined, OTHERS_MS) : undefined,
      callSid === undefined ? undefined : others.ask('call', callSid, OTHERS_MS),
    ]);
    if (!this.watchers.has(watcher)) return;
    for (const { answer, instance } of lists?.answers ?? [])
      this.noteElsewhere(this.remote.update(instance, { calls: answer.calls, gone: [] }));
    this.welcome(
      watcher,
      (call?.answers ?? []).flatMap(({ answer }) => answer?.events ?? []),
    );
  }

  private sayGoodbye(watcher: Watcher): void {
    watcher.send(new Encoded('bye', {}));
    watcher.end();
    this.remove(watcher);
  }

  /** Tells all watchers what has changed since the last time. */
  private flush(): void {
    this.batch?.cancel();
    this.batch = undefined;
    this.lastBatchMs = this.clock.now();
    this.publish();
    const changed = new Set([...this.changedHere, ...this.changedElsewhere]);
    this.changedHere.clear();
    this.changedElsewhere.clear();
    this.sendRows(changed);
    for (const [callSid, events] of this.eventsHere)
      for (const event of events) noteIn(this.eventsElsewhere, callSid, event);
    this.eventsHere.clear();
    for (const [callSid, events] of this.eventsElsewhere) {
      const timeline = new Encoded('timeline', { callSid, events: inOrder([...events]) });
      for (const watcher of this.present) if (watcher.callSid === callSid) watcher.send(timeline);
    }
    this.eventsElsewhere.clear();
  }

  private get present(): Watcher[] {
    return [...this.watchers].filter((watcher) => !this.joining.has(watcher));
  }

  private publish(): void {
    if (this.wantedElsewhere === undefined) return;
    const rows = [...this.changedHere].map((callSid) => [callSid, this.board.row(callSid)] as const);
    const update: InstanceUpdate = {
      calls: rows.flatMap(([, row]) => row ?? []),
      gone: rows.flatMap(([callSid, row]) => (row === undefined ? [callSid] : [])),
      events: [...this.eventsHere]
        .filter(([callSid]) => this.wantedElsewhere?.has(callSid))
        .map(([callSid, events]) => [callSid, inOrder([...events])]),
    };
    if (rows.length > 0 || update.events.length > 0) this.others?.publish(update);
  }

  private sendRows(changed: ReadonlySet<string>): void {
    if (this.watchers.size === 0) return;
    const calls: CallRow[] = [];
    const gone: string[] = [];
    for (const callSid of changed) {
      if (this.board.row(callSid) !== undefined) this.remote.takenFromLost(callSid);
      const row = this.row(callSid);
      if (row !== undefined) {
        calls.push(row);
        this.known.add(callSid);
      } else if (this.known.delete(callSid)) {
        gone.push(callSid);
        this.tapes.forget(callSid);
      }
    }
    if (calls.length === 0 && gone.length === 0) return;
    const total = this.known.size;
    const batch = new Encoded('batch', { seq: ++this.seq, now: this.clock.epochMs(), calls, gone, total });
    for (const watcher of this.present) watcher.send(batch);
  }

  private row(callSid: string): CallRow | undefined {
    const own = this.board.row(callSid);
    const remote = own === undefined ? this.remote.row(callSid) : undefined;
    return remote === undefined ? own : this.tapes.rowSoFar(remote);
  }

  private commentLater(): void {
    this.comments = this.clock.setTimer(COMMENT_MS, () => {
      this.commentLater();
      for (const watcher of this.present) watcher.comment();
    });
  }

  private showLifeLater(others: OtherInstances): void {
    this.life = this.clock.setTimer(LIFE_MS, () => {
      this.showLifeLater(others);
      if (this.wantedElsewhere !== undefined) others.publish({ calls: [], gone: [], events: [] });
      this.noteElsewhere(this.remote.sweep());
    });
  }
}

function inOrder(events: ConsoleEvent[]): ConsoleEvent[] {
  return events.sort((a, b) => a.atMs - b.atMs);
}

function noteIn(map: Map<string, Set<ConsoleEvent>>, callSid: string, event: ConsoleEvent): void {
  map.set(callSid, (map.get(callSid) ?? new Set()).add(event));
}
