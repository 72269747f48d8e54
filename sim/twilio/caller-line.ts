import { MULAW_SILENCE } from '../../src/audio/chunk.js';
import { FRAME_BYTES, FRAME_MS } from './ticker.js';

/**
 * How the caller's audio travels.
 * `clear`: a frame every 20 ms.
 * `gaps`: no frames while the caller is silent, as on some real calls.
 * `stalled`: no frames. When the condition changes, all held frames are sent at once.
 * `congested`: no frames, and what the caller says is lost.
 * `frozen`: no frames, no playout and no marks, though the socket stays open.
 */
export type LineCondition = 'clear' | 'gaps' | 'stalled' | 'congested' | 'frozen';

/** One media message's audio. */
export interface InboundFrame {
  /** Milliseconds since the stream began, as in Twilio's timestamp. */
  timestampMs: number;
  audio: Uint8Array;
}

/** Offsets of the timestamps from exact steps of 20 ms. In captured streams they are off by a few milliseconds. */
const JITTER_MS = [0, 2, -1, 3, -3, 1, -2];

/** Cuts what the caller says into frames, under the conditions of the line. */
export class CallerLine {
  private speech: Uint8Array[] = [];
  private held: InboundFrame[] = [];
  private condition: LineCondition;
  private elapsedMs: number;
  private frames = 0;

  /** `firstFrameMs`: the timestamp of the first frame. */
  constructor(options: { firstFrameMs: number; condition: LineCondition }) {
    this.elapsedMs = options.firstFrameMs;
    this.condition = options.condition;
  }

  /** Bytes that have not been cut into frames yet. */
  get unspokenBytes(): number {
    return this.speech.reduce((sum, part) => sum + part.length, 0);
  }

  get isCongested(): boolean {
    return this.condition === 'congested';
  }

  get isFrozen(): boolean {
    return this.condition === 'frozen';
  }

  speak(mulaw: Uint8Array): void {
    this.speech.push(mulaw);
  }

  /** Sets the condition. Returns the frames that a stall held back. */
  change(condition: LineCondition): InboundFrame[] {
    this.condition = condition;
    return condition === 'stalled' ? [] : this.held.splice(0);
  }

  /** Advances by 20 ms. Returns the frame to send now, if there is one. */
  next(): InboundFrame | undefined {
    const isSilent = this.speech.length === 0;
    const jitterMs = JITTER_MS[this.frames++ % JITTER_MS.length] ?? 0;
    const frame = { timestampMs: this.elapsedMs + jitterMs, audio: this.cut() };
    this.elapsedMs += FRAME_MS;
    switch (this.condition) {
      case 'clear':
        return frame;
      case 'gaps':
        return isSilent ? undefined : frame;
      case 'stalled':
        this.held.push(frame);
        return undefined;
      case 'congested':
      case 'frozen':
        return undefined;
    }
  }

  private cut(): Uint8Array {
    const frame = new Uint8Array(FRAME_BYTES).fill(MULAW_SILENCE);
    let filled = 0;
    while (filled < FRAME_BYTES && this.speech[0] !== undefined) {
      const head = this.speech[0];
      const part = head.subarray(0, FRAME_BYTES - filled);
      frame.set(part, filled);
      filled += part.length;
      if (part.length === head.length) this.speech.shift();
      else this.speech[0] = head.subarray(part.length);
    }
    return frame;
  }
}
