import { randomBytes, timingSafeEqual } from 'node:crypto';
import { tapedSecret } from '../../base/taped.js';
import type { StreamStart } from '../../twilio/messages.js';

/** Draws the token that binds a stream to the signed webhook that asked for it. It works once. */
export function drawStreamToken(): string {
  return tapedSecret('stream-token', () => randomBytes(24).toString('base64url'));
}

/** Whether a stream carries `token`. Compares in constant time. */
export function hasToken(start: StreamStart, token: string): boolean {
  const [given, expected] = [Buffer.from(start.customParameters['token'] ?? ''), Buffer.from(token)];
  return given.length === expected.length && timingSafeEqual(given, expected);
}
