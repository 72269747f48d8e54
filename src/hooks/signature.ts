import { createHmac } from 'node:crypto';

/** The header that proves to the operator's server that a request is the gateway's. */
export const SIGNATURE_HEADER = 'tandem-signature';

/**
 * Returns the value of the header: the time in seconds, and an HMAC-SHA256 over the time and the body. The time is signed, so that a
 * recorded request is worth nothing later.
 */
export function signatureOf(secret: string, epochMs: number, body: string): string {
  const seconds = Math.floor(epochMs / 1000);
  const hex = createHmac('sha256', secret).update(`${seconds}.${body}`).digest('hex');
  return `t=${seconds},v1=${hex}`;
}
