import type { Clock, Timer } from '../base/clock.js';
import type { CallBoard } from './call-board.js';
import { Encoded } from './encoded.js';
import type { CallRow, ConsoleEvent } from './messages.js';

/** Maximum number of watchers of this process. */
export const MAX_WATCHERS = 20;
/** Minimum time between two batches. */
const BATCH_MS = 250;
/** How often a watcher hears something, so that no proxy takes the connection for dead. */
const COMMENT_MS = 15_000;

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
 * Tells watchers what changes: at most four times a second, nothing if nothing has changed, and each message encoded once for
 * all. Without a watcher it has no timer and does not listen.
 */
export class WatchHub {
  private readonly clock: Clock;
  private readonly board: CallBoard;
  private readonly onCount: (watchers: number) => void;
  private readonly watchers = new Set<Watcher>();
  private readonly changed = new Set<string>();
  /** New events of the calls that a watcher has opened. */
  private readonly events = new Map<string, Set<ConsoleEvent>>();
  /** The calls that the watchers know to be live. */
  private known = new Set<string>();
  private seq = 0;
  private batch: Timer | undefined;
  private comments: Timer | undefined;
  private lastBatchMs = Number.NEGATIVE_INFINITY;
  private isDraining = false;

  /** `onCount`: called with the number of watchers when it changes. */
  constructor(options: { clock: Clock; board: CallBoard; onCount: (watchers: number) => void }) {
    this.clock = options.clock;
    this.board = options.board;
    this.onCount = options.onCount;
  }

  /** Whether there is no room for another watcher. */
  get isFull(): boolean {
    return this.watchers.size >= MAX_WATCHERS;
  }

  /**
   * Begins to tell `watcher`, with a snapshot. What changed shortly before is in it, and in the next batch again. The owner calls {@link remove} when its
   * connection is over.
   */
  add(watcher: Watcher): void {
    if (this.watchers.size === 0) this.begin();
    this.watchers.add(watcher);
    this.onCount(this.watchers.size);
    const { calls } = this.board.lists;
    watcher.send(new Encoded('snapshot', { seq: this.seq, now: this.clock.epochMs(), calls, total: calls.length }));
    const { callSid } = watcher;
    if (callSid !== undefined)
      watcher.send(new Encoded('timeline', { callSid, events: this.board.find(callSid)?.events ?? [] }));
    if (this.isDraining) this.sayGoodbye(watcher);
  }

  remove(watcher: Watcher): void {
    if (!this.watchers.delete(watcher)) return;
    this.onCount(this.watchers.size);
    if (this.watchers.size === 0) this.stop();
  }

  /** Sends every watcher away, because the process is about to stop. */
  drain(): void {
    this.isDraining = true;
    this.flush();
    for (const watcher of this.watchers) this.sayGoodbye(watcher);
  }

  private sayGoodbye(watcher: Watcher): void {
    watcher.send(new Encoded('bye', {}));
    watcher.end();
    this.remove(watcher);
  }

  private begin(): void {
    this.known = new Set(this.board.lists.calls.map(({ callSid }) => callSid));
    this.board.onChange = (callSid, event) => this.onChange(callSid, event);
    this.commentLater();
  }

  private stop(): void {
    this.board.onChange = undefined;
    this.changed.clear();
    this.events.clear();
    this.known.clear();
    this.batch?.cancel();
    this.batch = undefined;
    this.comments?.cancel();
  }

  private onChange(callSid: string, event: ConsoleEvent | undefined): void {
    if (event === undefined) this.changed.add(callSid);
    else if (this.isOpened(callSid)) {
      const events = this.events.get(callSid) ?? new Set();
      this.events.set(callSid, events.add(event));
    }
    if (this.batch !== undefined) return;
    const inMs = Math.max(0, this.lastBatchMs + BATCH_MS - this.clock.now());
    this.batch = this.clock.setTimer(inMs, () => this.flush());
  }

  private isOpened(callSid: string): boolean {
    for (const watcher of this.watchers) if (watcher.callSid === callSid) return true;
    return false;
  }

  /** Tells all watchers what has changed since the last time. */
  private flush(): void {
    this.batch?.cancel();
    this.batch = undefined;
    if (this.changed.size > 0 || this.events.size > 0) this.lastBatchMs = this.clock.now();
    this.sendRows();
    for (const [callSid, events] of this.events) {
      const inOrder = [...events].sort((a, b) => a.atMs - b.atMs);
      const timeline = new Encoded('timeline', { callSid, events: inOrder });
      for (const watcher of this.watchers) if (watcher.callSid === callSid) watcher.send(timeline);
    }
    this.events.clear();
  }

  private sendRows(): void {
    if (this.changed.size === 0) return;
    const calls: CallRow[] = [];
    const gone: string[] = [];
    for (const callSid of this.changed) {
      const row = this.board.row(callSid);
      if (row !== undefined) {
        calls.push(row);
        this.known.add(callSid);
      } else if (this.known.delete(callSid)) gone.push(callSid);
    }
    this.changed.clear();
    if (calls.length === 0 && gone.length === 0) return;
    const total = this.board.total;
    const batch = new Encoded('batch', { seq: ++this.seq, now: this.clock.epochMs(), calls, gone, total });
    for (const watcher of this.watchers) watcher.send(batch);
  }

  private commentLater(): void {
    this.comments = this.clock.setTimer(COMMENT_MS, () => {
      this.commentLater();
      for (const watcher of this.watchers) watcher.comment();
    });
  }
}
