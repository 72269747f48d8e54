/** What a telephone line does to the tones. Positions count the tones from 0. */
export interface LineConditions {
  /** Tones that do not arrive. */
  cut?: readonly number[];
  /** Tones with a gap in the middle. Each is heard as two. */
  split?: readonly number[];
  /** Tones that run into the next one, so that only the first is heard. */
  joined?: readonly number[];
}

export interface Tone {
  digit: string;
  /** Start of the tone, counted from the first tone or pause. */
  atMs: number;
  durationMs: number;
}

const TONE_MS = 100;
const EVERY_MS = 200;
const PAUSE_MS: Readonly<Record<string, number>> = { w: 500, W: 1000 };
/**
 * Length of the gap in a split tone. A receiver hears two bursts of a digit as one if less than 40 ms are between them
 * (ITU-T Q.24).
 */
const GAP_MS = 45;

/** Returns the tones of `digits` (with `w` and `W` as pauses) as a receiver at the far end of the line hears them. */
export function heardTones(digits: string, { cut = [], split = [], joined = [] }: LineConditions = {}): Tone[] {
  const tones: Tone[] = [];
  let atMs = 0;
  let position = 0;
  let isSwallowed = false;
  for (const digit of digits) {
    const pauseMs = PAUSE_MS[digit];
    if (pauseMs !== undefined) {
      atMs += pauseMs;
      isSwallowed = false;
      continue;
    }
    if (!cut.includes(position) && !isSwallowed) {
      const halfMs = (TONE_MS - GAP_MS) / 2;
      if (split.includes(position)) {
        tones.push({ digit, atMs, durationMs: halfMs }, { digit, atMs: atMs + halfMs + GAP_MS, durationMs: halfMs });
      } else tones.push({ digit, atMs, durationMs: TONE_MS });
    }
    isSwallowed = joined.includes(position) && !isSwallowed;
    atMs += EVERY_MS;
    position++;
  }
  return tones;
}

/** Returns the time from the first tone or pause until the last tone is over. */
export function playedMs(digits: string): number {
  return Array.from(digits).reduce((sum, digit) => sum + (PAUSE_MS[digit] ?? EVERY_MS), 0);
}
