import { MULAW_BYTES_PER_MS } from '../../audio/chunk.js';
import type { HeardItem } from '../history.js';

/** The content of a `conversation.item.truncate`. */
export interface Cut {
  itemId: string;
  contentIndex: number;
  audioEndMs: number;
}

interface Received {
  contentIndex: number;
  sizeBytes: number;
}

/** Maximum number of items remembered. Playback holds a few at most, and older ones cannot be interrupted any more. */
const REMEMBERED = 64;

/**
 * Records how much audio arrived for each item. The service refuses to cut an item after its end ("already shorter than
 * …") or an item without audio, and a session has been seen to fall silent after such a refusal. So a cut never lies
 * after the audio that was received.
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

  /**
   * Returns the cuts for what the caller heard, in the same order. An item that is unknown or was heard whole needs
   * none.
   */
  cuts(heard: readonly HeardItem[]): Cut[] {
    const cuts: Cut[] = [];
    for (const { itemId, heardMs } of heard) {
      const item = this.items.get(itemId);
      if (item === undefined) continue;
      const receivedMs = Math.floor(item.sizeBytes / MULAW_BYTES_PER_MS);
      const audioEndMs = Math.max(0, Math.floor(Math.min(heardMs, receivedMs)));
      if (!(audioEndMs < receivedMs)) continue;
      cuts.push({ itemId, contentIndex: item.contentIndex, audioEndMs });
      // An item is cut once, because the service drops whatever it still sends of it.
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
