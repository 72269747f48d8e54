import type { Clock } from '../base/clock.js';

/** What the caller heard of one item when playout was cut. */
export interface PlayedItem {
  itemId: string;
  heardMs: number;
  sentMs: number;
}

/** One item of the assistant when its playout is over. */
export interface ItemAsPlayed extends PlayedItem {
  /** How long ago the caller began to hear it. */
  beganAgoMs: number;
  /** How long ago its first mark came back. `undefined` if none did. */
  firstMarkAgoMs: number | undefined;
}

interface Piece {
  beginsMs: number;
  firstMarkMs: number | undefined;
}

/** Puts the pieces of each item together, because an item whose model is slow is played in several. */
export class ItemsAsPlayed {
  private readonly clock: Clock;
  private readonly onItem: ((item: ItemAsPlayed) => void) | undefined;
  private open: (PlayedItem & Piece) | undefined;

  /** `onItem`: called once for each item, when it is over. */
  constructor(clock: Clock, onItem: ((item: ItemAsPlayed) => void) | undefined) {
    this.clock = clock;
    this.onItem = onItem;
  }

  /** A piece of an item is over. */
  add({ beginsMs, firstMarkMs }: Piece, { heardMs, itemId, sentMs }: PlayedItem): void {
    if (this.open !== undefined && this.open.itemId !== itemId) this.end();
    this.open ??= { itemId, heardMs: 0, sentMs: 0, beginsMs, firstMarkMs };
    this.open.heardMs += heardMs;
    this.open.sentMs += sentMs;
  }

  /** No more pieces of the item follow. */
  end(): void {
    const { open } = this;
    if (open === undefined) return;
    this.open = undefined;
    const { beginsMs, firstMarkMs, heardMs, itemId, sentMs } = open;
    const nowMs = this.clock.now();
    // An item that was cut before its turn has not begun.
    const beganAgoMs = Math.max(0, nowMs - beginsMs);
    const firstMarkAgoMs = firstMarkMs === undefined ? undefined : nowMs - firstMarkMs;
    this.onItem?.({ itemId, heardMs, sentMs, beganAgoMs, firstMarkAgoMs });
  }
}
