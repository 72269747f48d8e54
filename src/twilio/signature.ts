import { createHmac, timingSafeEqual } from 'node:crypto';

/**
 * Returns the `X-Twilio-Signature` of a request: base64 of HMAC-SHA1 over the URL and every form field. The fields are
 * sorted, each name joined to its value. Repeated fields are de-duplicated and sorted. (Twilio: Security – Validating
 * requests.)
 */
export function signatureOf(authToken: string, url: string, form: URLSearchParams | undefined): string {
  let signed = url;
  if (form !== undefined) {
    for (const name of [...new Set(form.keys())].sort()) {
      for (const value of [...new Set(form.getAll(name))].sort()) signed += name + value;
    }
  }
  return createHmac('sha1', authToken).update(signed, 'utf8').digest('base64');
}

/** Whether `signature` is valid for one of the URLs under one of the tokens. Compares in constant time. */
export function isSigned(
  signature: string | undefined,
  authTokens: readonly string[],
  urls: readonly string[],
  form?: URLSearchParams,
): boolean {
  if (signature === undefined) return false;
  const given = Buffer.from(signature, 'utf8');
  let valid = false;
  for (const authToken of authTokens) {
    for (const url of urls) {
      const expected = Buffer.from(signatureOf(authToken, url, form), 'utf8');
      if (expected.length === given.length && timingSafeEqual(expected, given)) valid = true;
    }
  }
  return valid;
}

/**
 * Returns the forms in which Twilio may have signed `https://<publicHost><path>`. Voice webhooks over HTTPS are signed
 * without the port, and client libraries accept either. `path` keeps its query exactly as sent.
 */
export function webhookUrlVariants(publicHost: string, path: string): string[] {
  const bare = withoutPort(publicHost);
  return unique([`https://${publicHost}${path}`, `https://${bare}${path}`, `https://${bare}:443${path}`]);
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
