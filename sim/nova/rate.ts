import { TELEPHONE_RATE_HZ } from '../../src/audio/chunk.js';
import { mulawToPcm, pcmToMulaw } from '../../src/audio/g711.js';
import { resample } from '../../src/audio/resample.js';

/** Samples that the low-pass of `resample` needs on each side, for ratios up to 3. Divisible by 2 and 3. */
const CONTEXT = 96;

/**
 * Converts 16-bit samples at 8, 16 or 24 kHz to mu-law at 8 kHz. The result does not depend on how the audio is cut
 * into chunks.
 */
export class ToTelephone {
  private readonly sampleRateHz: number;
  private readonly ratio: number;
  /** Unused samples: the context to the left, and those whose context to the right is still missing. */
  private kept = new Int16Array(CONTEXT);

  constructor(sampleRateHz: number) {
    this.sampleRateHz = sampleRateHz;
    this.ratio = sampleRateHz / TELEPHONE_RATE_HZ;
  }

  push(pcm: Int16Array): Uint8Array {
    if (this.ratio === 1) return pcmToMulaw(pcm);
    const samples = new Int16Array(this.kept.length + pcm.length);
    samples.set(this.kept);
    samples.set(pcm, this.kept.length);
    const whole = Math.floor((samples.length - 2 * CONTEXT) / this.ratio);
    if (whole <= 0) {
      this.kept = samples;
      return new Uint8Array(0);
    }
    const usedUp = whole * this.ratio;
    const lower = resample(samples.subarray(0, usedUp + 2 * CONTEXT), this.sampleRateHz, TELEPHONE_RATE_HZ);
    this.kept = samples.slice(usedUp);
    return pcmToMulaw(lower.subarray(CONTEXT / this.ratio, CONTEXT / this.ratio + whole));
  }
}

/** Converts a whole recording from mu-law at 8 kHz to 16-bit little-endian samples at another rate. */
export function fromTelephone(mulaw: Uint8Array, sampleRateHz: number): Buffer {
  return pcmBytes(resample(mulawToPcm(mulaw), TELEPHONE_RATE_HZ, sampleRateHz));
}

export function pcmBytes(pcm: Int16Array): Buffer {
  const bytes = Buffer.alloc(pcm.length * 2);
  for (let i = 0; i < pcm.length; i++) bytes.writeInt16LE(pcm[i] as number, i * 2);
  return bytes;
}

export function pcmSamples(bytes: Buffer): Int16Array {
  const pcm = new Int16Array(bytes.length >> 1);
  for (let i = 0; i < pcm.length; i++) pcm[i] = bytes.readInt16LE(i * 2);
  return pcm;
}
