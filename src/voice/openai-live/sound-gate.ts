import { MULAW_BYTES_PER_MS } from '../../audio/chunk.js';
import { mulawRms } from '../../audio/level.js';

const PIECE_BYTES = 20 * MULAW_BYTES_PER_MS;
/**
 * Minimum level of speech. Others measured in September 2026 that the model's quiet is below 104 and its speech above 206
 * almost always.
 */
const SPEECH = 131;

/** Tells sound from quiet in the model's audio, because the service marks neither. Time is counted in audio. */
export class SoundGate {
  /** How much quiet audio has come since the last sound, in milliseconds. */
  quietMs = 0;

  /** Returns whether the mu-law holds a sound. */
  push(mulaw: Uint8Array): boolean {
    let sounds = false;
    for (let at = 0; at < mulaw.length; at += PIECE_BYTES) {
      const piece = mulaw.subarray(at, at + PIECE_BYTES);
      if (mulawRms(piece) >= SPEECH) {
        sounds = true;
        this.quietMs = 0;
      } else this.quietMs += piece.length / MULAW_BYTES_PER_MS;
    }
    return sounds;
  }
}
