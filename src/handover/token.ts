import { createHmac, randomInt } from 'node:crypto';

export const TOKEN_DIGITS = 10;

/**
 * The pepper of local mode, so that the embedded gateway and the simulated Lambda agree without any setting. It protects
 * nothing: outside local mode HANDOVER_TOKEN_PEPPER is required.
 */
export const LOCAL_MODE_PEPPER = 'tandem-local-mode-only';

/**
 * Ten digits from the system's random source. No digit follows its like: a tone that a telephone network splits in two
 * can then be told from two tones.
 */
export function drawToken(): string {
  let token = String(randomInt(10));
  while (token.length < TOKEN_DIGITS) {
    // One of the nine digits that differ from the last.
    token += String((Number(token.at(-1)) + 1 + randomInt(9)) % 10);
  }
  return token;
}

/** What the record is stored under: the token itself is kept nowhere. Hex. */
export function tokenKey(pepper: string, token: string): string {
  return createHmac('sha256', pepper).update(token).digest('hex');
}

/** What the called leg hears: two seconds for the far end to listen, the token, and all of it once more. */
export function whisperDigits(token: string): string {
  return `wwww${token}#wwww${token}#`;
}

/**
 * The tokens that digits as received may stand for, most likely first, at most two. Repairs what telephone networks
 * do: a doubled digit collapses, and where a lost # ran both copies together either half may be the clean one.
 */
export function candidateTokens(received: string): string[] {
  const digits = received
    .slice(0, 64)
    .replace(/\D/g, '')
    .replace(/(\d)\1+/g, '$1');
  const halves = [digits.slice(0, TOKEN_DIGITS), digits.slice(-TOKEN_DIGITS)];
  return [...new Set(halves.filter((half) => half.length === TOKEN_DIGITS))];
}
