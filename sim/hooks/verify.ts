import { createHmac, timingSafeEqual } from 'node:crypto';

/** Why a request is not the gateway's. */
export type Refusal = 'no-signature' | 'malformed' | 'too-old' | 'wrong';

/** How far the time of a signature may be from now. */
const TOLERANCE_SECONDS = 300;
const FORM = /^t=(\d{10}),v1=([0-9a-f]{64})$/;

/** Checks the signature of a request as the guides tell the receiver to. `undefined` if it is right. */
export function refusalOf(
  header: string | undefined,
  body: string,
  { epochMs, secret }: { epochMs: number; secret: string },
): Refusal | undefined {
  if (header === undefined) return 'no-signature';
  const [, seconds, hex = ''] = FORM.exec(header) ?? [];
  if (seconds === undefined) return 'malformed';
  if (Math.abs(epochMs / 1000 - Number(seconds)) > TOLERANCE_SECONDS) return 'too-old';
  const expected = createHmac('sha256', secret).update(`${seconds}.${body}`).digest();
  return timingSafeEqual(expected, Buffer.from(hex, 'hex')) ? undefined : 'wrong';
}
