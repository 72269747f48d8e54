import { createHmac } from 'node:crypto';
import type { Fields } from './fields.js';

/**
 * Signs a webhook as Twilio does. This is written separately from the gateway's own check, so that each tests the
 * other. Over HTTPS the port and any user:password are removed first. The distinct values of a repeated field are
 * sorted (Twilio: Security – Validating requests).
 */
export function signWebhook(authToken: string, url: string, fields: Fields): string {
  const signedUrl = new URL(url);
  const path = url.slice(url.indexOf('/', 'https://'.length));
  const host = signedUrl.protocol === 'https:' ? signedUrl.hostname : signedUrl.host;
  const pairs = Object.keys(fields)
    .sort()
    .flatMap((name) => valuesOf(fields[name]).map((value) => name + value));
  return hmac(authToken, `${signedUrl.protocol}//${host}${path}${pairs.join('')}`);
}

function valuesOf(value: string | readonly string[] | undefined): string[] {
  if (value === undefined) return [];
  return typeof value === 'string' ? [value] : [...new Set(value)].sort();
}

/** How the upgrade of a stream is signed. The last two are what a forger or a misconfigured account sends. */
export type StreamSignature = 'exact' | 'trailing-slash' | 'with-port' | 'absent' | 'wrong-token';

export function signStream(authToken: string, url: string, mode: StreamSignature): string | undefined {
  const { hostname, pathname } = new URL(url);
  switch (mode) {
    case 'exact':
      return hmac(authToken, url);
    case 'trailing-slash':
      return hmac(authToken, `${url}/`);
    case 'with-port':
      return hmac(authToken, `wss://${hostname}:443${pathname}`);
    case 'absent':
      return undefined;
    case 'wrong-token':
      return hmac(`not-${authToken}`, url);
  }
}

function hmac(key: string, text: string): string {
  return createHmac('sha1', key).update(text, 'utf8').digest('base64');
}
