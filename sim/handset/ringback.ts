import { pcmToMulaw } from '../../src/audio/g711.js';
import { FRAME_BYTES, FRAME_MS, type Ticker } from '../twilio/ticker.js';

const RATE_HZ = 8000;
/** The ringing tone of North America: two tones for two seconds of every six. */
const TONES_HZ = [440, 480] as const;
const ON_MS = 2000;
const CYCLE_MS = 6000;
const LOUDNESS = 900;

/** Plays the ringing tone, frame by frame, until the returned function is called. */
export function playRingback(ticker: Ticker, play: (frame: Uint8Array) => void): () => void {
  let atMs = 0;
  return ticker.add(() => {
    if (atMs < ON_MS) play(ringing(atMs));
    atMs = (atMs + FRAME_MS) % CYCLE_MS;
  });
}

function ringing(atMs: number): Uint8Array {
  const first = (atMs * RATE_HZ) / 1000;
  const sample = (index: number): number =>
    TONES_HZ.reduce((sum, hz) => sum + LOUDNESS * Math.sin((2 * Math.PI * hz * (first + index)) / RATE_HZ), 0);
  return pcmToMulaw(Int16Array.from({ length: FRAME_BYTES }, (_, index) => Math.round(sample(index))));
}
