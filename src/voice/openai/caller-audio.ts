import type { AudioChunk } from '../../audio/chunk.js';

export interface CallerAudioOptions {
  /** Maximum amount buffered, in bytes of mu-law at 8 kHz. The oldest is dropped first. */
  capacityBytes: number;
  send(chunk: AudioChunk): void;
  /** Returns whether the network is too slow for more audio. */
  isCongested(): boolean;
  /** Called for each chunk that is dropped. */
  onDropped(): void;
}

interface Held {
  chunk: AudioChunk;
  sizeBytes: number;
}

/** Sends the caller's audio. Buffers it until the session takes audio, and while the network is too slow. */
export class CallerAudio {
  private readonly options: CallerAudioOptions;
  private isOpen = false;
  private held: Held[] = [];
  private heldBytes = 0;

  constructor(options: CallerAudioOptions) {
    this.options = options;
  }

  /** Called when the session takes audio. */
  open(): void {
    this.isOpen = true;
    this.flush();
  }

  /** `sizeBytes`: its length as mu-law at 8 kHz. */
  push(chunk: AudioChunk, sizeBytes: number): void {
    if (this.isOpen && this.held.length === 0 && !this.options.isCongested()) {
      this.options.send(chunk);
      return;
    }
    this.held.push({ chunk, sizeBytes });
    this.heldBytes += sizeBytes;
    this.flush();
    while (this.heldBytes > this.options.capacityBytes) {
      this.heldBytes -= this.held.shift()?.sizeBytes ?? this.heldBytes;
      this.options.onDropped();
    }
  }

  private flush(): void {
    if (!this.isOpen) return;
    let sent = 0;
    for (const { chunk, sizeBytes } of this.held) {
      if (this.options.isCongested()) break;
      this.options.send(chunk);
      this.heldBytes -= sizeBytes;
      sent++;
    }
    if (sent > 0) this.held.splice(0, sent);
  }
}
