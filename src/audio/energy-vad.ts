import { type AudioChunk, MULAW_BYTES_PER_MS } from './chunk.js';
import { mulawRms } from './level.js';

/** Measures one frame in this many. More would cost time on every frame and show nothing new. */
const EVERY = 5;
const FRAME_BYTES = 20 * MULAW_BYTES_PER_MS;
/** Minimum root mean square of 16-bit samples for a voice near the telephone. The room around it is quieter. */
const LOUD = 600;
/** Measured frames in a row with sound before speech has started, 200 ms. */
const BEGIN_AFTER = 2;
/** Measured frames in a row without sound before speech has stopped, 800 ms. */
const END_AFTER = 8;
/** Delay before the end of speech is noticed. */
export const VAD_STOP_DELAY_MS = END_AFTER * EVERY * 20;

/**
 * Detects roughly, from the audio alone, that the caller speaks. It is for models that should have detected it and show no
 * sign of life. What it takes for speech may be noise.
 */
export class EnergyVad {
  private readonly frame = Buffer.alloc(FRAME_BYTES);
  private readonly onStarted: () => void;
  private readonly onStopped: () => void;
  private frames = 0;
  private isSpeaking = false;
  /** Measured frames in a row that contradict `isSpeaking`. */
  private contrary = 0;

  constructor(onStarted: () => void, onStopped: () => void) {
    this.onStarted = onStarted;
    this.onStopped = onStopped;
  }

  /** Takes 20 ms of mu-law at 8 kHz. */
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
