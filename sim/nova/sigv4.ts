import { createHash, createHmac } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http2';
import { dateHeaderBytes } from './event-stream.js';

export interface Credentials {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken?: string;
  /** When they end. From then on requests are refused, and sessions that were opened with them end. Default: never. */
  expiration?: Date;
}

/** The scope of a credential, such as `20260101/us-east-1/bedrock/aws4_request`. */
export interface Scope {
  date: string;
  region: string;
  service: string;
}

export interface Authorization {
  accessKeyId: string;
  scope: Scope;
  signedHeaders: string[];
  signature: string;
}

/** Replaces the payload hash when the body is signed event by event. */
export const STREAMED_PAYLOAD = 'STREAMING-AWS4-HMAC-SHA256-EVENTS';

const AUTHORIZATION =
  /^AWS4-HMAC-SHA256 Credential=([^/,\s]+)\/(\d{8})\/([^/,\s]+)\/([^/,\s]+)\/aws4_request,\s*SignedHeaders=([^,\s]+),\s*Signature=([0-9a-f]{64})$/;

export function parseAuthorization(header: string): Authorization | undefined {
  const match = AUTHORIZATION.exec(header);
  if (match === null) return undefined;
  const [, accessKeyId = '', date = '', region = '', service = '', signedHeaders = '', signature = ''] = match;
  return { accessKeyId, scope: { date, region, service }, signedHeaders: signedHeaders.split(';'), signature };
}

/** Parses a date such as `20260101T120000Z`. `undefined` if the text is not one. */
export function parseAmzDate(text: string): Date | undefined {
  const match = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(text);
  if (match === null) return undefined;
  const [, year, month, day, hour, minute, second] = match.map(Number) as [number, ...number[]];
  return new Date(Date.UTC(year as number, (month as number) - 1, day, hour, minute, second));
}

export function amzDate(date: Date): string {
  return date.toISOString().replace(/[-:]|\.\d{3}/g, '');
}

export function signingKey(secretAccessKey: string, { date, region, service }: Scope): Buffer {
  return [date, region, service, 'aws4_request'].reduce<Buffer>(
    (key, part) => hmac(key, part),
    Buffer.from(`AWS4${secretAccessKey}`),
  );
}

export interface RequestToSign {
  method: string;
  /** The path as on the wire, percent-encoded. */
  path: string;
  headers: IncomingHttpHeaders;
  signedHeaders: readonly string[];
  amzDate: string;
  scope: Scope;
  /** The value of `x-amz-content-sha256`. */
  payload: string;
}

/** Returns the signature of a request (AWS Signature Version 4). */
export function requestSignature(key: Buffer, request: RequestToSign): string {
  const { headers, signedHeaders } = request;
  const [path = '', query = ''] = request.path.split('?');
  const canonical = [
    request.method,
    // Every service except S3 encodes the path once more.
    path.split('/').map(encodeURIComponent).join('/'),
    query,
    ...signedHeaders.map(
      (name) =>
        `${name}:${String(headers[name] ?? '')
          .trim()
          .replaceAll(/\s+/g, ' ')}`,
    ),
    '',
    signedHeaders.join(';'),
    request.payload,
  ].join('\n');
  const toSign = ['AWS4-HMAC-SHA256', request.amzDate, scopeText(request.scope), sha256(canonical)].join('\n');
  return hmac(key, toSign).toString('hex');
}

/** The chain of event signatures. Each one covers the signature before it, and the first covers that of the request. */
export class SignatureChain {
  private readonly key: Buffer;
  private readonly scope: Scope;
  private prior: string;

  constructor(key: Buffer, scope: Scope, requestSignature: string) {
    this.key = key;
    this.scope = scope;
    this.prior = requestSignature;
  }

  /** Returns the signature that the next event must have. */
  next(date: Date, inner: Uint8Array): string {
    const toSign = [
      'AWS4-HMAC-SHA256-PAYLOAD',
      amzDate(date),
      scopeText(this.scope),
      this.prior,
      sha256(dateHeaderBytes(date)),
      sha256(inner),
    ].join('\n');
    this.prior = hmac(this.key, toSign).toString('hex');
    return this.prior;
  }
}

function scopeText({ date, region, service }: Scope): string {
  return `${date}/${region}/${service}/aws4_request`;
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}

export function sha256(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}
