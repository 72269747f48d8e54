import { TELEPHONE_RATE_HZ } from '../src/audio/chunk.js';

/** Sounds of a caller's side that are no words, as code makes them. Nothing is recorded. */
export const NOISES = ['cough', 'double cough', 'throat', 'breath', 'bang', 'tap', 'typing', 'bark', 'music'] as const;
export type Noise = (typeof NOISES)[number];

const SAMPLES_A_MS = TELEPHONE_RATE_HZ / 1000;

/** Returns numbers from -1 to 1, the same ones for the same seed (xorshift32). */
export function chanceOf(seed: number): () => number {
  let state = (seed * 2654435761 + 1) >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return ((state >>> 0) / 0xffffffff) * 2 - 1;
  };
}

/** Returns 16-bit samples at 8 kHz that begin with the noise. `seed` changes its length, its pitch and its chance. */
export function noise(kind: Noise, seed: number): Int16Array {
  const chance = chanceOf(seed);
  const vary = (value: number): number => value * (1 + 0.25 * chance());
  switch (kind) {
    case 'cough':
      return joined([cough(chance, vary)]);
    case 'double cough':
      return joined([cough(chance, vary), silence(vary(160)), cough(chance, vary)]);
    case 'throat':
      return joined([
        voiced(vary(95), vary(380), 7000, chance, 0.5),
        silence(60),
        voiced(vary(85), vary(220), 5000, chance, 0.5),
      ]);
    case 'breath':
      return joined([shaped(vary(600), (at) => 1600 * Math.sin(Math.PI * at), smooth(chance, 0.3))]);
    case 'bang':
      return joined([shaped(vary(220), (at) => 16_000 * Math.exp(-9 * at), smooth(chance, 0.15))]);
    case 'tap':
      return joined([shaped(vary(30), (at) => 12_000 * Math.exp(-5 * at), chance)]);
    case 'typing':
      return joined(
        Array.from({ length: 8 }, () => [
          shaped(vary(22), (at) => 5000 * Math.exp(-5 * at), chance),
          silence(vary(130)),
        ]).flat(),
      );
    case 'bark':
      return joined([
        voiced(vary(420), vary(180), 12_000, chance, 0.3),
        silence(vary(250)),
        voiced(vary(420), vary(180), 12_000, chance, 0.3),
      ]);
    case 'music':
      return chord(vary(220), vary(1500));
  }
}

/** A burst as the glottis opens, then breath. */
function cough(chance: () => number, vary: (value: number) => number): Float64Array {
  const burst = shaped(vary(70), (at) => 15_000 * Math.exp(-1.5 * at), smooth(chance, 0.5));
  return concat([burst, voiced(vary(150), vary(140), 4500, chance, 0.8)]);
}

/** A pitch with six harmonics, rough by chance. `roughness`: from 0 to 1, the share of noise. */
function voiced(
  pitchHz: number,
  durationMs: number,
  peak: number,
  chance: () => number,
  roughness: number,
): Float64Array {
  const rough = smooth(chance, 0.4);
  let phase = 0;
  return shaped(
    durationMs,
    (at) => peak * Math.sin(Math.PI * Math.sqrt(at)),
    () => {
      phase += (2 * Math.PI * pitchHz * (1 + 0.02 * chance())) / TELEPHONE_RATE_HZ;
      let sum = 0;
      for (let harmonic = 1; harmonic <= 6; harmonic++) sum += Math.sin(harmonic * phase) / harmonic;
      return (1 - roughness) * (sum / 2) + roughness * rough();
    },
  );
}

function chord(rootHz: number, durationMs: number): Int16Array {
  let sample = 0;
  return joined([
    shaped(
      durationMs,
      (at) => 4000 * Math.min(1, 20 * at, 20 * (1 - at)),
      () => {
        const turn = (2 * Math.PI * rootHz * sample++) / TELEPHONE_RATE_HZ;
        return (Math.sin(turn) + Math.sin(1.25 * turn) + Math.sin(1.5 * turn) + Math.sin(2 * turn)) / 4;
      },
    ),
  ]);
}

/** Low-passes noise with one pole. `share`: how much of each new value is taken. */
function smooth(chance: () => number, share: number): () => number {
  let last = 0;
  return () => (last += share * (chance() - last));
}

/** `envelope` is called with the position, from 0 to 1. */
function shaped(durationMs: number, envelope: (at: number) => number, next: () => number): Float64Array {
  const length = Math.round(durationMs * SAMPLES_A_MS);
  return Float64Array.from({ length }, (_, index) => envelope(index / length) * next());
}

function silence(durationMs: number): Float64Array {
  return new Float64Array(Math.round(durationMs * SAMPLES_A_MS));
}

function concat(parts: readonly Float64Array[]): Float64Array {
  return Float64Array.from(parts.flatMap((part) => Array.from(part)));
}

function joined(parts: readonly Float64Array[]): Int16Array {
  return Int16Array.from(concat(parts), (value) => Math.max(-32768, Math.min(32767, Math.round(value))));
}
