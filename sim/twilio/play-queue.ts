import { MULAW_SILENCE } from '../../src/audio/chunk.js';
import { FRAME_BYTES } from './ticker.js';

/** Twilio: error 31931 – audio beyond ten minutes in the queue is dropped. */
const MAX_QUEUED_BYTES = 10 * 60 * 8000;

/** Twilio's playback queue. It plays 8000 bytes a second of call time and holds marks in order with the audio. */
export class PlayQueue {
  private entries: ({ audio: Uint8Array } | { mark: string })[] = [];
  private queuedBytes = 0;
  private readonly onMark: (name: string) => void;

  constructor(onMark: (name: string) => void) {
    this.onMark = onMark;
  }

  /** Queues audio. Returns false if the queue is full and the audio was dropped. */
  addAudio(audio: Uint8Array): boolean {
    if (this.queuedBytes + audio.length > MAX_QUEUED_BYTES) return false;
    this.entries.push({ audio });
    this.queuedBytes += audio.length;
    return true;
  }

  /** Queues a mark. It is returned at once if nothing is queued before it. */
  addMark(name: string): void {
    if (this.entries.length === 0) this.onMark(name);
    else this.entries.push({ mark: name });
  }

  /** Drops what is queued and returns every outstanding mark, in order. */
  clear(): void {
    const marks = this.entries.filter((entry) => 'mark' in entry);
    this.entries = [];
    this.queuedBytes = 0;
    for (const { mark } of marks) this.onMark(mark);
  }

  /** Returns what is heard in the next 20 ms: 160 bytes, filled up with silence. `undefined` if nothing was queued. */
  next(): Uint8Array | undefined {
    if (this.entries.length === 0) return undefined;
    const frame = new Uint8Array(FRAME_BYTES).fill(MULAW_SILENCE);
    let filled = 0;
    while (this.entries.length > 0) {
      const head = this.entries[0] as { audio: Uint8Array } | { mark: string };
      if ('mark' in head) {
        this.entries.shift();
        this.onMark(head.mark);
        continue;
      }
      if (filled === FRAME_BYTES) break;
      const part = head.audio.subarray(0, FRAME_BYTES - filled);
      frame.set(part, filled);
      filled += part.length;
      this.queuedBytes -= part.length;
      if (part.length === head.audio.length) this.entries.shift();
      else head.audio = head.audio.subarray(part.length);
    }
    return frame;
  }
}
