import { MULAW_BYTES_PER_MS } from '../../audio/chunk.js';
import type { HeardItem } from '../history.js';

/** A `conversation.item.truncate` to be. */
export interface Cut {
  itemId: string;
  contentIndex: number;
  audioEndMs: number;
}

interface Received {
  contentIndex: number;
  sizeBytes: number;
}

/** Playback holds a few items at most; older ones cannot be interrupted any more. */
const REMEMBERED = 64;

/**
 * How much audio came for each item. The service refuses to cut an item behind its end ("already shorter than …") or one
 * that has no audio, and a session that was refused so has been seen to fall silent; so a cut is never larger than what
 * was received.
 */
export class TruncationLedger {
  private readonly items = new Map<string, Received>();

  add(itemId: string, contentIndex: number, sizeBytes: number): void {
    const item = this.items.get(itemId);
    if (item === undefined) {
      this.items.set(itemId, { contentIndex, sizeBytes });
      if (this.items.size > REMEMBERED) this.forgetOldest();
    } else if (item.contentIndex === contentIndex) {
      item.sizeBytes += sizeBytes;
    }
  }

  /** What the model has to forget, in the order given. An item that was heard whole, or is unknown, needs no cut. */
  cuts(heard: readonly HeardItem[]): Cut[] {
    const cuts: Cut[] = [];
    for (const { itemId, heardMs } of heard) {
      const item = this.items.get(itemId);
      if (item === undefined) continue;
      const receivedMs = Math.floor(item.sizeBytes / MULAW_BYTES_PER_MS);
      const audioEndMs = Math.max(0, Math.floor(Math.min(heardMs, receivedMs)));
      if (!(audioEndMs < receivedMs)) continue;
      cuts.push({ itemId, contentIndex: item.contentIndex, audioEndMs });
      // Cut once: the service knows it as that long, and what still comes of it is not kept there.
      this.items.delete(itemId);
    }
    return cuts;
  }

  private forgetOldest(): void {
    for (const itemId of this.items.keys()) {
      this.items.delete(itemId);
      return;
    }
  }
}
