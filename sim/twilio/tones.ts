import type { Lifetime } from './lifetime.js';

/** A DTMF tone and the gap after it; `w` and `W` wait half a second and one (Twilio: Number – sendDigits). */
const TONE_MS = 100;
const GAP_MS = 100;
const WAIT_MS: Readonly<Record<string, number>> = { w: 500, W: 1000 };
/** REST's SendDigits takes no more; kept to for all. */
const MAX_DIGITS = 32;

export function areDigits(digits: string): boolean {
  return digits.length <= MAX_DIGITS && /^[0-9A-D#*wW]*$/.test(digits);
}

/** Plays tones one after the other, for as long as `life` lasts. */
export async function playTones(
  life: Lifetime,
  digits: string,
  onTone: (digit: string, durationMs: number) => void,
): Promise<void> {
  for (const digit of digits) {
    if (life.isOver) return;
    const waitMs = WAIT_MS[digit];
    if (waitMs === undefined) {
      onTone(digit, TONE_MS);
      await life.pass(TONE_MS + GAP_MS);
    } else await life.pass(waitMs);
  }
}
