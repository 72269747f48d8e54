import { mulawRms } from '../../src/audio/level.js';
import { FRAME_BYTES, FRAME_MS } from '../twilio/ticker.js';

/** What is collected before a line that has run dry gets more, so that late frames leave no gap in a word. */
const COLLECTED_MS = 60;
/** How far behind the line may be. Above it frames without speech are dropped, so that the line catches up. */
const LATE_MS = 100;
/** How far behind it may be while the caller speaks without a pause. */
const VERY_LATE_MS = 1500;
/** Loudness (RMS of 16-bit samples) below which a frame carries no speech. */
const QUIET_LEVEL = 200;

/** The line that the microphone feeds. */
export interface Line {
  /** Audio that it has got and not carried yet. `undefined` if it carries everything at once. */
  waitingBytes(): number | undefined;
  speak(mulaw: Uint8Array): void;
}

/**
 * Carries the frames of a page's microphone to a line that takes one every 20 ms. A page is no exact clock: its frames
 * come late and in bursts.
 */
export class Microphone {
  private readonly line: Line;
  private collected: Uint8Array[] = [];

  constructor(line: Line) {
    this.line = line;
  }

  take(frame: Uint8Array): void {
    const waitingBytes = this.line.waitingBytes();
    if (waitingBytes === undefined) {
      this.collected = [];
      this.line.speak(frame);
      return;
    }
    const waitingMs = (waitingBytes / FRAME_BYTES) * FRAME_MS;
    if (waitingMs > VERY_LATE_MS || (waitingMs > LATE_MS && mulawRms(frame) < QUIET_LEVEL)) return;
    this.collected.push(frame);
    const isDry = waitingMs === 0 && this.collected.length * FRAME_MS < COLLECTED_MS;
    if (isDry) return;
    for (const each of this.collected.splice(0)) this.line.speak(each);
  }
}
