import { type AudioChunk, MULAW_BYTES_PER_MS } from './chunk.js';
import { mulawRms } from './level.js';

/** It listens to one frame in so many: more would cost what a frame costs, and tell nothing new. */
const EVERY = 5;
const FRAME_BYTES = 20 * MULAW_BYTES_PER_MS;
/** Root mean square of 16-bit samples: a voice near the telephone, not the room around it. */
const LOUD = 600;
/** Of the frames it listens to, in a row: 200 ms of sound, 800 ms of silence. */
const BEGIN_AFTER = 2;
const END_AFTER = 8;
/** So late it is noticed that the caller has stopped, in milliseconds. */
export const VAD_STOP_DELAY_MS = END_AFTER * EVERY * 20;

/**
 * Notices that the caller speaks, from their audio alone and roughly: for a model that should have noticed and shows no sign of
 * life. What it takes for speech may be noise.
 */
export class EnergyVad {
  private readonly frame = Buffer.alloc(FRAME_BYTES);
  private readonly onStarted: () => void;
  private readonly onStopped: () => void;
  private frames = 0;
  private isSpeaking = false;
  /** Frames in a row that contradict what is believed. */
  private contrary = 0;

  constructor(onStarted: () => void, onStopped: () => void) {
    this.onStarted = onStarted;
    this.onStopped = onStopped;
  }

  /** Mu-law at 8 kHz, 20 ms. */
  hear(chunk: AudioChunk): void {
    if (++this.frames % EVERY !== 0) return;
    chunk.copyTo(this.frame, 0);
    const isLoud = mulawRms(this.frame) >= LOUD;
    if (isLoud === this.isSpeaking) {
      this.contrary = 0;
      return;
    }
    if (++this.contrary < (isLoud ? BEGIN_AFTER : END_AFTER)) return;
    this.contrary = 0;
    this.isSpeaking = isLoud;
    if (isLoud) this.onStarted();
    else this.onStopped();
  }
}
