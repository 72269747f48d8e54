/**
 * Converts G.711 mu-law by table. One byte is one sample of about 14 bits, so 16-bit PCM loses its lowest bits (ITU-T
 * G.711).
 */
const BIAS = 0x84;
const CLIP = 32635;

const DECODED = new Int16Array(256);
for (let byte = 0; byte < 256; byte++) {
  const inverted = ~byte & 0xff;
  const exponent = (inverted & 0x70) >> 4;
  const magnitude = (((inverted & 0x0f) << 3) + BIAS) << exponent;
  DECODED[byte] = (inverted & 0x80) !== 0 ? BIAS - magnitude : magnitude - BIAS;
}

/** Indexed by the sample as an unsigned 16-bit number. */
const ENCODED = new Uint8Array(65536);
for (let index = 0; index < 65536; index++) ENCODED[index] = encodeSample((index << 16) >> 16);

function encodeSample(sample: number): number {
  const sign = sample < 0 ? 0x80 : 0;
  const magnitude = Math.min(Math.abs(sample), CLIP) + BIAS;
  let exponent = 7;
  for (let mask = 0x4000; (magnitude & mask) === 0 && exponent > 0; mask >>= 1) exponent--;
  return ~(sign | (exponent << 4) | ((magnitude >> (exponent + 3)) & 0x0f)) & 0xff;
}

/** One mu-law byte → one 16-bit sample. */
export function mulawSample(byte: number): number {
  return DECODED[byte] as number;
}

/** Mu-law bytes → 16-bit samples, one each. */
export function mulawToPcm(mulaw: Uint8Array): Int16Array {
  const pcm = new Int16Array(mulaw.length);
  for (let i = 0; i < mulaw.length; i++) pcm[i] = DECODED[mulaw[i] as number] as number;
  return pcm;
}

/** 16-bit samples → mu-law bytes, one each. */
export function pcmToMulaw(pcm: Int16Array): Uint8Array {
  const mulaw = new Uint8Array(pcm.length);
  for (let i = 0; i < pcm.length; i++) mulaw[i] = ENCODED[(pcm[i] as number) & 0xffff] as number;
  return mulaw;
}

/** Mu-law bytes → samples from -1 to 1. */
export function mulawToFloat(mulaw: Uint8Array): Float32Array {
  const samples = new Float32Array(mulaw.length);
  for (let i = 0; i < mulaw.length; i++) samples[i] = (DECODED[mulaw[i] as number] as number) / 32768;
  return samples;
}
