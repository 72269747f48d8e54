import { createHmac } from 'node:crypto';
import type { Fields } from './fields.js';

type Algorithm = SharedKey['algorithm'];

/** A key of the account's webhook rules, which signs in place of the auth token (Twilio: Webhooks – shared keys). */
export interface SharedKey {
  id: string;
  secret: string;
  algorithm: 'HMAC_SHA1' | 'HMAC_SHA256';
  /** Whether a rule covers streams, too. Twilio does not document it. Default: false. */
  signsStreams?: boolean;
}

/** What the carrier signs with. */
export interface Signer {
  authToken: string | undefined;
  sharedKey?: SharedKey | undefined;
}

/**
 * Signs a webhook as Twilio does. This is written separately from the gateway's own check, so that each tests the
 * other. Over HTTPS the port and any user:password are removed first. The distinct values of a repeated field are
 * sorted (Twilio: Security – Validating requests).
 */
export function signWebhook(key: string, url: string, fields: Fields, algorithm: Algorithm = 'HMAC_SHA1'): string {
  const signedUrl = new URL(url);
  const path = url.slice(url.indexOf('/', 'https://'.length));
  const host = signedUrl.protocol === 'https:' ? signedUrl.hostname : signedUrl.host;
  const pairs = Object.keys(fields)
    .sort()
    .flatMap((name) => valuesOf(fields[name]).map((value) => name + value));
  return hmac(key, `${signedUrl.protocol}//${host}${path}${pairs.join('')}`, algorithm);
}

/** Returns the headers with which Twilio signs a webhook. Empty if nothing signs. */
export function webhookSignature(signer: Signer, url: string, fields: Fields): Record<string, string> {
  const { authToken, sharedKey } = signer;
  if (sharedKey !== undefined) {
    const { algorithm, secret } = sharedKey;
    return { 'X-Twilio-Signature': signWebhook(secret, url, fields, algorithm), ...settingsOf(sharedKey) };
  }
  return authToken === undefined ? {} : { 'X-Twilio-Signature': signWebhook(authToken, url, fields) };
}

/** Returns the headers with which Twilio signs the upgrade of a stream. Empty if nothing signs. */
export function streamSignature(signer: Signer, url: string, mode: StreamSignature): Record<string, string> {
  const { authToken, sharedKey } = signer;
  if (sharedKey?.signsStreams === true) {
    const signature = signStream(sharedKey.secret, url, mode, sharedKey.algorithm);
    return signature === undefined ? {} : { 'X-Twilio-Signature': signature, ...settingsOf(sharedKey) };
  }
  const signature = authToken === undefined ? undefined : signStream(authToken, url, mode);
  return signature === undefined ? {} : { 'X-Twilio-Signature': signature };
}

function settingsOf({ algorithm, id }: SharedKey): Record<string, string> {
  return { 'X-Twilio-Webhooks-Signature-Settings': `key=${id},algorithm=${algorithm}` };
}

function valuesOf(value: string | readonly string[] | undefined): string[] {
  if (value === undefined) return [];
  return typeof value === 'string' ? [value] : [...new Set(value)].sort();
}

/** How the upgrade of a stream is signed. The last two are what a forger or a misconfigured account sends. */
export type StreamSignature = 'exact' | 'trailing-slash' | 'with-port' | 'absent' | 'wrong-token';

export function signStream(
  key: string,
  url: string,
  mode: StreamSignature,
  algorithm: Algorithm = 'HMAC_SHA1',
): string | undefined {
  const { hostname, pathname } = new URL(url);
  switch (mode) {
    case 'exact':
      return hmac(key, url, algorithm);
    case 'trailing-slash':
      return hmac(key, `${url}/`, algorithm);
    case 'with-port':
      return hmac(key, `wss://${hostname}:443${pathname}`, algorithm);
    case 'absent':
      return undefined;
    case 'wrong-token':
      return hmac(`not-${key}`, url, algorithm);
  }
}

function hmac(key: string, text: string, algorithm: Algorithm): string {
  return createHmac(algorithm === 'HMAC_SHA256' ? 'sha256' : 'sha1', key)
    .update(text, 'utf8')
    .digest('base64');
}
