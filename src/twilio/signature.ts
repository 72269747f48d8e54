import { createHmac, timingSafeEqual } from 'node:crypto';

/**
 * `X-Twilio-Signature`: base64 of HMAC-SHA1 over the URL followed by every form field, sorted, name and value run
 * together. Repeated fields are de-duplicated and sorted. (Twilio: Security – Validating requests.)
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

/** Whether `signature` fits one of the URLs under one of the tokens. Compares in constant time. */
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
 * The forms in which Twilio may have signed `https://<publicHost><path>`: voice webhooks over HTTPS are signed without
 * the port, and client libraries accept either. `path` keeps its query exactly as sent.
 */
export function webhookUrlVariants(publicHost: string, path: string): string[] {
  const bare = withoutPort(publicHost);
  return unique([`https://${publicHost}${path}`, `https://${bare}${path}`, `https://${bare}:443${path}`]);
}

/** The forms in which the upgrade of a media stream is signed: `wss://`, sometimes with a slash at the end or the port. */
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
