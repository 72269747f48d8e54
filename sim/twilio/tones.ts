import type { Lifetime } from './lifetime.js';

/**
 * Length of a DTMF tone and of the gap after it. `w` waits half a second and `W` one second (Twilio: Number –
 * sendDigits).
 */
const TONE_MS = 100;
const GAP_MS = 100;
const WAIT_MS: Readonly<Record<string, number>> = { w: 500, W: 1000 };
/** Maximum length of REST's SendDigits, applied here to all digits. */
const MAX_DIGITS = 32;

export function areDigits(digits: string): boolean {
  return digits.length <= MAX_DIGITS && /^[0-9A-D#*wW]*$/.test(digits);
}

/** Plays tones one after the other, until `life` ends. */
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
