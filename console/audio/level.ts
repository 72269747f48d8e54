/** Loudness that a meter shows as nothing, and as full, in decibels below the loudest possible. */
const FLOOR_DB = -50;
const FULL_DB = -8;

/** Returns the loudness of samples between -1 and 1 as a meter shows it, from 0 to 100. */
export function meterLevel(samples: Float32Array): number {
  if (samples.length === 0) return 0;
  let sum = 0;
  for (const sample of samples) sum += sample * sample;
  const db = 10 * Math.log10(sum / samples.length + 1e-12);
  return Math.round(Math.min(100, Math.max(0, ((db - FLOOR_DB) / (FULL_DB - FLOOR_DB)) * 100)));
}
