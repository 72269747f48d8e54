import { randomBytes, timingSafeEqual } from 'node:crypto';
import { tapedSecret } from '../../base/taped.js';
import type { StreamStart } from '../../twilio/messages.js';

/**
 * Draws the token that binds a stream to the signed webhook that asked for it. It works once. It ends in the id of the call's trace,
 * if there is one, so that an instance that does not know the call still knows where its spans belong.
 */
export function drawStreamToken(traceId?: string): string {
  return tapedSecret('stream-token', () => {
    const random = randomBytes(24).toString('base64url');
    return traceId === undefined ? random : `${random}.${traceId}`;
  });
}

/** Returns the id of the trace that a stream's token names. `undefined` if it names none. */
export function traceIn({ customParameters }: StreamStart): string | undefined {
  return /\.([0-9a-f]{32})$/.exec(customParameters['token'] ?? '')?.[1];
}

/** Whether a stream carries `token`. Compares in constant time. */
export function hasToken(start: StreamStart, token: string): boolean {
  const [given, expected] = [Buffer.from(start.customParameters['token'] ?? ''), Buffer.from(token)];
  return given.length === expected.length && timingSafeEqual(given, expected);
}
