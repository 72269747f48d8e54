import { createHash, createHmac } from 'node:crypto';

// AWS Signature Version 4 of one request whose body is known, for services whose client of the SDK is not a dependency.

export interface AwsCredentials {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken?: string | undefined;
}

export interface RequestToSign {
  method: string;
  /** With its query. What is not plain in the path must be percent-encoded. */
  url: URL;
  /** In small letters, without those that the signature adds. */
  headers?: Readonly<Record<string, string>>;
  body: string;
  region: string;
  /** The service's name in signatures, like `lambda`. */
  service: string;
  credentials: AwsCredentials;
  date: Date;
}

/** Returns the headers of the request with its signature. `host` is signed and left out, because `fetch` sets it from the URL. */
export function signedHeaders(request: RequestToSign): Record<string, string> {
  const { body, credentials, date, region, service, url } = request;
  const { accessKeyId, secretAccessKey, sessionToken } = credentials;
  const time = date.toISOString().replace(/[-:]|\.\d{3}/g, '');
  const scope = `${time.slice(0, 8)}/${region}/${service}/aws4_request`;
  const sent: Record<string, string> = { ...request.headers, 'x-amz-date': time };
  if (sessionToken !== undefined) sent['x-amz-security-token'] = sessionToken;
  const all: Record<string, string> = { ...sent, host: url.host };
  const names = Object.keys(all).toSorted();
  const canonical = [
    request.method,
    // Every service except S3 encodes the path once more.
    url.pathname.split('/').map(encodeURIComponent).join('/'),
    canonicalQuery(url),
    ...names.map((name) => `${name}:${all[name] ?? ''}`),
    '',
    names.join(';'),
    sha256(body),
  ].join('\n');
  const toSign = ['AWS4-HMAC-SHA256', time, scope, sha256(canonical)].join('\n');
  const key = scope.split('/').reduce<Buffer>((last, part) => hmac(last, part), Buffer.from(`AWS4${secretAccessKey}`));
  const signature = hmac(key, toSign).toString('hex');
  return {
    ...sent,
    authorization: `AWS4-HMAC-SHA256 Credential=${accessKeyId}/${scope}, SignedHeaders=${names.join(';')}, Signature=${signature}`,
  };
}

/** Sorted by name and value, each part encoded. */
function canonicalQuery(url: URL): string {
  return [...url.searchParams]
    .map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`)
    .toSorted()
    .join('&');
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
