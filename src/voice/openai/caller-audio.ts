export interface CallerAudioOptions {
  /** Maximum amount buffered, in bytes of mu-law at 8 kHz. The oldest is dropped first. */
  capacityBytes: number;
  send(base64: string): void;
  /** Returns whether the network is too slow for more audio. */
  isCongested(): boolean;
  /** Called for each chunk that is dropped. */
  onDropped(): void;
}

interface Held {
  base64: string;
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

  push(base64: string, sizeBytes: number): void {
    if (this.isOpen && this.held.length === 0 && !this.options.isCongested()) {
      this.options.send(base64);
      return;
    }
    this.held.push({ base64, sizeBytes });
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
    for (const { base64, sizeBytes } of this.held) {
      if (this.options.isCongested()) break;
      this.options.send(base64);
      this.heldBytes -= sizeBytes;
      sent++;
    }
    if (sent > 0) this.held.splice(0, sent);
  }
}
