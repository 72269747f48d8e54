import { MULAW_BYTES_PER_MS } from '../../audio/chunk.js';
import { pcmToMulaw } from '../../audio/g711.js';

/** A low and a high note. Ringing and busy tones of the world have one pitch, between 400 and 480 Hz. */
const NOTES = [
  { pitchHz: 587, fromMs: 0, lengthMs: 260 },
  { pitchHz: 880, fromMs: 300, lengthMs: 340 },
];
const LENGTH_MS = 700;
/** About 30 dB below full scale, softer than a voice. */
const LEVEL = 1400;
const SAMPLES_PER_MS = MULAW_BYTES_PER_MS;

/**
 * Returns two soft notes as mu-law at 8 kHz. A caller who waits hears them in place of "one moment" where the gateway has
 * no voice for the language of the call: the line is alive, and nothing is ringing.
 */
export function waitingTone(): Uint8Array {
  const pcm = new Int16Array(LENGTH_MS * SAMPLES_PER_MS);
  for (const { fromMs, lengthMs, pitchHz } of NOTES) {
    const length = lengthMs * SAMPLES_PER_MS;
    for (let at = 0; at < length; at++) {
      // Fades in and out, because an edge would click.
      const fade = Math.sin((Math.PI * at) / length) ** 2;
      pcm[fromMs * SAMPLES_PER_MS + at] = Math.round(
        LEVEL * fade * Math.sin((2 * Math.PI * pitchHz * at) / (1000 * SAMPLES_PER_MS)),
      );
    }
  }
  return pcmToMulaw(pcm);
}
