import { isDeepStrictEqual } from 'node:util';

/** Stands for every digit of a secret. Keys that are no digits stay, because they tell nothing of it. */
const MASK = '1';
const MESSAGE = '"message":';

/**
 * Returns a message of Twilio's stream as a tape holds it while a secret is collected: with the same number of keys and the same
 * length of audio, and nothing of what was typed or said. `m`: JSON text without its first brace.
 */
export function withoutCaller(m: string): string {
  if (!m.startsWith(MESSAGE)) return m;
  let value: unknown;
  try {
    value = JSON.parse(m.slice(MESSAGE.length, -1));
  } catch {
    // Nobody knows what is in it.
    return `${MESSAGE}"?"}`;
  }
  const hidden = hide(value);
  return isDeepStrictEqual(hidden, value) ? m : `${MESSAGE}${JSON.stringify(hidden)}}`;
}

function hide(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const { dtmf, media } = value as { dtmf?: unknown; media?: unknown };
  return {
    ...value,
    ...(isRecord(dtmf) ? { dtmf: { ...dtmf, digit: masked(dtmf['digit']) } } : {}),
    ...(isRecord(media) ? { media: { ...media, payload: silence(media['payload']) } } : {}),
  };
}

function masked(digit: unknown): unknown {
  return typeof digit === 'string' ? digit.replace(/\d/g, MASK) : digit;
}

function silence(payload: unknown): unknown {
  if (typeof payload !== 'string') return payload;
  return Buffer.alloc(Buffer.from(payload, 'base64').length, 0xff).toString('base64');
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
