import { createHmac, randomInt } from 'node:crypto';

export const TOKEN_DIGITS = 10;

/**
 * The pepper of local mode, so that the gateway and the simulated Lambda agree without a setting. It protects nothing;
 * outside local mode HANDOVER_TOKEN_PEPPER is required.
 */
export const LOCAL_MODE_PEPPER = 'tandem-local-mode-only';

/**
 * Draws ten digits from the system's random source. No digit is repeated in a row, so that a tone which a telephone
 * network splits in two can be recognised as one.
 */
export function drawToken(): string {
  let token = String(randomInt(10));
  while (token.length < TOKEN_DIGITS) {
    // One of the nine digits that differ from the last.
    token += String((Number(token.at(-1)) + 1 + randomInt(9)) % 10);
  }
  return token;
}

/** Returns the key of the token's record, in hexadecimal. The token itself is stored nowhere. */
export function tokenKey(pepper: string, token: string): string {
  return createHmac('sha256', pepper).update(token).digest('hex');
}

/** The digits played to the called leg: two seconds of pause so that the far end listens, the token, and both once more. */
export function whisperDigits(token: string): string {
  return `wwww${token}#wwww${token}#`;
}

/**
 * Returns the tokens that the received digits can mean, most likely first, at most two. Repairs what telephone networks
 * do: a doubled digit is collapsed, and if a lost # ran both copies together, either half may be the clean one.
 */
export function candidateTokens(received: string): string[] {
  const digits = received
    .slice(0, 64)
    .replace(/\D/g, '')
    .replace(/(\d)\1+/g, '$1');
  const halves = [digits.slice(0, TOKEN_DIGITS), digits.slice(-TOKEN_DIGITS)];
  return [...new Set(halves.filter((half) => half.length === TOKEN_DIGITS))];
}
