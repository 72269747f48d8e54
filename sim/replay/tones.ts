import { mulawToPcm, pcmToMulaw } from '../../src/audio/g711.js';
import { rms } from '../../src/audio/level.js';

/** Whole periods of it fit into every frame of 20 ms. */
const TONE_HZ = 400;
const FRAMES_PER_SECOND = 50;
const LOUDEST = 32_000;

/** Returns a tone that is as long as the audio, and in each frame as loud. Silence stays silence. */
export function toneLike(pcm: Int16Array, rateHz: number): Int16Array {
  const tone = new Int16Array(pcm.length);
  const frame = rateHz / FRAMES_PER_SECOND;
  for (let start = 0; start < pcm.length; start += frame) {
    const end = Math.min(pcm.length, start + frame);
    const peak = Math.min(LOUDEST, rms(pcm.subarray(start, end)) * Math.SQRT2);
    for (let at = start; at < end; at++)
      tone[at] = Math.round(peak * Math.sin((2 * Math.PI * TONE_HZ * (at - start)) / rateHz));
  }
  return tone;
}

/** The same for mu-law in base64, at 8 kHz. */
export function mulawTone(base64: string): string {
  const mulaw = Buffer.from(base64, 'base64');
  return Buffer.from(pcmToMulaw(toneLike(mulawToPcm(mulaw), 8000))).toString('base64');
}

/** The same for linear PCM of 16 bits in base64. */
export function pcmTone(base64: string, rateHz: number): string {
  const bytes = Buffer.from(base64, 'base64');
  const pcm = new Int16Array(bytes.length >> 1);
  for (let at = 0; at < pcm.length; at++) pcm[at] = bytes.readInt16LE(2 * at);
  const tone = toneLike(pcm, rateHz);
  const out = Buffer.alloc(bytes.length);
  for (let at = 0; at < tone.length; at++) out.writeInt16LE(tone[at] ?? 0, 2 * at);
  return out.toString('base64');
}
