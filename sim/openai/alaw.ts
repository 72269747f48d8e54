/** G.711 A-law (ITU-T G.711), for clients that choose `audio/pcma`. Maps each byte to its sample. */
const DECODED = new Int16Array(256);
for (let byte = 0; byte < 256; byte++) {
  const bits = byte ^ 0x55;
  const exponent = (bits & 0x70) >> 4;
  const mantissa = bits & 0x0f;
  const magnitude = exponent === 0 ? (mantissa << 4) + 8 : ((mantissa << 4) + 0x108) << (exponent - 1);
  DECODED[byte] = (bits & 0x80) !== 0 ? magnitude : -magnitude;
}

export function alawToPcm(alaw: Uint8Array): Int16Array {
  return Int16Array.from(alaw, (byte) => DECODED[byte] as number);
}

export function pcmToAlaw(pcm: Int16Array): Uint8Array {
  return Uint8Array.from(pcm, encodeSample);
}

function encodeSample(sample: number): number {
  const sign = sample >= 0 ? 0x80 : 0;
  const magnitude = Math.min(sample >= 0 ? sample : -sample - 1, 32_767);
  if (magnitude < 256) return (sign | (magnitude >> 4)) ^ 0x55;
  let exponent = 7;
  for (let mask = 0x4000; (magnitude & mask) === 0 && exponent > 1; mask >>= 1) exponent--;
  return (sign | (exponent << 4) | ((magnitude >> (exponent + 3)) & 0x0f)) ^ 0x55;
}
