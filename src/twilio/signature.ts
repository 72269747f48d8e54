import { createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { Field } from './form.js';

// Checks Twilio's signatures. The sender is unknown until the check has passed, so the work is linear in what was sent.

export type SignatureAlgorithm = 'sha1' | 'sha256';

/** A signature as a request carries it. Well-formed, but not checked yet. */
export interface GivenSignature {
  base64: string;
  algorithm: SignatureAlgorithm;
}

/** The base64 of 20 or 32 bytes. */
const BASE64_FORMS: Readonly<Record<SignatureAlgorithm, RegExp>> = {
  sha1: /^[A-Za-z0-9+/]{27}=$/,
  sha256: /^[A-Za-z0-9+/]{43}=$/,
};

/** Twilio's names of the algorithms of shared keys (Twilio: Webhooks – shared keys). */
const ALGORITHMS: ReadonlyMap<string, SignatureAlgorithm> = new Map([
  ['HMAC_SHA1', 'sha1'],
  ['HMAC_SHA256', 'sha256'],
]);

/** Maximum length of the header with the signature settings. Twilio's has about 80 characters. */
const MAX_SETTINGS_CHARACTERS = 512;

/**
 * Reads the signature of a request. `undefined` if it is missing or malformed; such a request needs no further work.
 *
 * With a shared key, a second header names the algorithm. Without that header the length tells, because it is not known
 * whether stream upgrades carry the header.
 */
export function readSignature(headers: IncomingHttpHeaders): GivenSignature | undefined {
  const base64 = headers['x-twilio-signature'];
  if (typeof base64 !== 'string') return undefined;
  const algorithm = base64.length > 28 ? 'sha256' : 'sha1';
  if (!BASE64_FORMS[algorithm].test(base64)) return undefined;
  const settings = headers['x-twilio-webhooks-signature-settings'];
  const named = typeof settings === 'string' ? algorithmOf(settings) : algorithm;
  return named === algorithm ? { base64, algorithm } : undefined;
}

/** Reads `key=…,algorithm=HMAC_SHA256`. Without an algorithm Twilio signs with SHA-1. `undefined` if it is unknown. */
function algorithmOf(settings: string): SignatureAlgorithm | undefined {
  if (settings.length > MAX_SETTINGS_CHARACTERS) return undefined;
  const part = settings
    .split(',')
    .map((one) => one.trim())
    .find((one) => one.startsWith('algorithm='));
  return part === undefined ? 'sha1' : ALGORITHMS.get(part.slice('algorithm='.length).trim().toUpperCase());
}

/**
 * Returns the signature of a request: base64 of an HMAC over the URL and every form field. The fields are sorted, each
 * name joined to its value. Repeated fields are de-duplicated and sorted. (Twilio: Security – Validating requests.)
 */
export function signatureOf(
  key: string,
  url: string,
  form: Iterable<Readonly<Field>> | undefined,
  algorithm: SignatureAlgorithm = 'sha1',
): string {
  return hmac(algorithm, key, url, signedFields(form));
}

/**
 * Whether `given` is valid for one of the URLs under one of the keys, which are auth tokens or shared keys. Compares in
 * constant time.
 */
export function isSigned(
  given: GivenSignature | undefined,
  keys: readonly string[],
  urls: readonly string[],
  form?: Iterable<Readonly<Field>>,
): boolean {
  if (given === undefined) return false;
  const fields = signedFields(form);
  let valid = false;
  for (const key of keys) if (isSignedWith(key, given, urls, fields)) valid = true;
  return valid;
}

/** Like {@link isSigned}, with one key and with {@link signedFields}, for a caller that divides the work. */
export function isSignedWith(key: string, given: GivenSignature, urls: readonly string[], fields: Buffer): boolean {
  const { algorithm, base64 } = given;
  const expected = Buffer.from(base64, 'latin1');
  let valid = false;
  for (const url of urls) {
    const signature = Buffer.from(hmac(algorithm, key, url, fields), 'latin1');
    if (signature.length === expected.length && timingSafeEqual(signature, expected)) valid = true;
  }
  return valid;
}

/**
 * Returns the fields as they are signed. Reads the form once, because a request of strangers may have many fields, and encodes
 * it once, because it is hashed for each key and URL.
 */
export function signedFields(form: Iterable<Readonly<Field>> = []): Buffer {
  const valuesByName = new Map<string, string[]>();
  for (const [name, value] of form) {
    const values = valuesByName.get(name);
    if (values === undefined) valuesByName.set(name, [value]);
    else values.push(value);
  }
  let text = '';
  for (const name of [...valuesByName.keys()].sort()) {
    const values = valuesByName.get(name) ?? [];
    for (const value of values.length === 1 ? values : [...new Set(values)].sort()) text += name + value;
  }
  return Buffer.from(text, 'utf8');
}

function hmac(algorithm: SignatureAlgorithm, key: string, url: string, fields: Buffer): string {
  return createHmac(algorithm, key).update(url, 'utf8').update(fields).digest('base64');
}

/**
 * Returns the forms in which Twilio may have signed `https://<publicHost><path>`. Voice webhooks over HTTPS are signed
 * without the port, and client libraries accept either. `path` keeps its query exactly as sent. Twilio does not send the
 * URL's `fragment`, and does not document whether it signs it.
 */
export function webhookUrlVariants(publicHost: string, path: string, fragment = ''): string[] {
  const bare = withoutPort(publicHost);
  const urls = [`https://${publicHost}${path}`, `https://${bare}${path}`, `https://${bare}:443${path}`];
  return unique([...urls, ...urls.map((url) => url + fragment)]);
}

/** Returns the forms in which a stream's upgrade may be signed: `wss://`, sometimes with a final slash or the port. */
export function streamUrlVariants(publicHost: string, path: string): string[] {
  const bare = withoutPort(publicHost);
  return unique(
    [`wss://${publicHost}${path}`, `wss://${bare}${path}`, `wss://${bare}:443${path}`].flatMap((url) => [
      url,
      `${url}/`,
    ]),
  );
}

function withoutPort(host: string): string {
  return host.replace(/:\d+$/, '');
}

function unique(urls: string[]): string[] {
  return [...new Set(urls)];
}
