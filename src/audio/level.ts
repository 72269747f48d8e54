import { mulawSample } from './g711.js';

/** Returns the root mean square of 16-bit samples, 0 for none. Quiet speech on a telephone line has some hundreds. */
export function rms(pcm: Int16Array): number {
  if (pcm.length === 0) return 0;
  let sum = 0;
  for (const sample of pcm) sum += sample * sample;
  return Math.sqrt(sum / pcm.length);
}

/** The same for mu-law bytes. Allocates nothing, because it runs for every frame. */
export function mulawRms(mulaw: Uint8Array): number {
  if (mulaw.length === 0) return 0;
  let sum = 0;
  for (let at = 0; at < mulaw.length; at++) {
    const sample = mulawSample(mulaw[at] as number);
    sum += sample * sample;
  }
  return Math.sqrt(sum / mulaw.length);
}

/**
 * Whether mu-law holds nothing that can be heard. The two values on either side of zero count as silence, too, because a
 * conversion may round to them. Ends at the first audible byte.
 */
export function isDigitalSilence(mulaw: Uint8Array): boolean {
  for (let at = 0; at < mulaw.length; at++) if (((mulaw[at] as number) & 0x7f) < 0x7e) return false;
  return true;
}
