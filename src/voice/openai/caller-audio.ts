/** Mu-law at 8 kHz. */
export interface CallerAudioOptions {
  /** Held at most; the oldest is dropped first. */
  capacityBytes: number;
  send(base64: string): void;
  /** True while more would only pile up. */
  isCongested(): boolean;
  /** One chunk was dropped. */
  onDropped(): void;
}

interface Held {
  base64: string;
  sizeBytes: number;
}

/** Caller audio on its way: held until the session can take it, and while the network does not. */
export class CallerAudio {
  private readonly options: CallerAudioOptions;
  private isOpen = false;
  private held: Held[] = [];
  private heldBytes = 0;

  constructor(options: CallerAudioOptions) {
    this.options = options;
  }

  /** The session takes audio from here on. */
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
