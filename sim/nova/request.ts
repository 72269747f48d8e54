import type { IncomingHttpHeaders } from 'node:http2';
import {
  type Authorization,
  type Credentials,
  STREAMED_PAYLOAD,
  SignatureChain,
  parseAmzDate,
  parseAuthorization,
  requestSignature,
  sha256,
  signingKey,
} from './sigv4.js';

/** An error response before the stream starts. */
export interface Refusal {
  status: number;
  /** The value of `x-amzn-ErrorType`. */
  type: string;
  message: string;
}

export type CheckedRequest =
  { ok: true; modelId: string; chain: SignatureChain; credentials: Credentials } | { ok: false; refusal: Refusal };

export interface RequestRules {
  /** Each is accepted until it ends. */
  credentials: readonly Credentials[];
  region: string;
  models: readonly string[];
  /** Models that Converse accepts. */
  textModels: readonly string[];
  /** Maximum difference between the client's clock and ours. Above it a signature counts as expired. */
  maxClockSkewMs: number;
}

const RETIRED_MODELS = ['amazon.nova-sonic-v1:0'];
const STREAM_PATH = /^\/model\/([^/?]+)\/invoke-with-bidirectional-stream$/;
const CONVERSE_PATH = /^\/model\/([^/?]+)\/converse$/;
const CONTENT_TYPE = 'application/vnd.amazon.eventstream';
const MUST_BE_SIGNED = ['x-amz-date', 'x-amz-content-sha256'];

export const EXPIRED_CREDENTIALS = 'The security token included in the request is expired';
const BAD_SIGNATURE =
  'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.';

/** Checks everything that is known before the first event: operation, headers, signature, model. */
export function checkRequest(headers: IncomingHttpHeaders, rules: RequestRules, epochMs: number): CheckedRequest {
  const modelId = readModelId(headers, STREAM_PATH);
  if (modelId === undefined) return refuse(404, 'UnknownOperationException', 'The operation is not known.');
  // "You can't use API keys with InvokeModelWithBidirectionalStream" (Bedrock user guide, API keys reference).
  if (/^bearer /i.test(headers.authorization ?? '')) {
    const message = 'API keys cannot be used with InvokeModelWithBidirectionalStream.';
    return refuse(403, 'AccessDeniedException', message);
  }
  const signature = checkSignature(headers, rules, epochMs, STREAMED_PAYLOAD);
  if (!('chain' in signature)) return { ok: false, refusal: signature };
  if (headers['content-type'] !== CONTENT_TYPE)
    return refuse(400, 'ValidationException', `The content type must be ${CONTENT_TYPE}.`);
  if (RETIRED_MODELS.includes(modelId)) {
    const message =
      'This model version has reached the end of its life. Please refer to the AWS documentation for more details.';
    return refuse(404, 'ResourceNotFoundException', message);
  }
  if (!rules.models.includes(modelId))
    return refuse(400, 'ValidationException', 'The provided model identifier is invalid.');
  return { ok: true, modelId, ...signature };
}

/** Checks a Converse request, whose `body` is signed as a whole. */
export function checkConverse(
  headers: IncomingHttpHeaders,
  body: Uint8Array,
  rules: RequestRules,
  epochMs: number,
): { ok: true; modelId: string } | { ok: false; refusal: Refusal } {
  const modelId = readModelId(headers, CONVERSE_PATH);
  if (modelId === undefined) return refuse(404, 'UnknownOperationException', 'The operation is not known.');
  const signature = checkSignature(headers, rules, epochMs, sha256(body));
  if (!('chain' in signature)) return { ok: false, refusal: signature };
  if (headers['content-type'] !== 'application/json')
    return refuse(400, 'ValidationException', 'The content type must be application/json.');
  if (rules.textModels.includes(modelId)) return { ok: true, modelId };
  const isBare = rules.textModels.some((known) => known.endsWith(`.${modelId}`));
  const message = isBare
    ? `Invocation of model ID ${modelId} with on-demand throughput isn’t supported. Retry your request with the ID or ARN of an inference profile that contains this model.`
    : 'The provided model identifier is invalid.';
  return refuse(400, 'ValidationException', message);
}

function readModelId(headers: IncomingHttpHeaders, path: RegExp): string | undefined {
  const match = headers[':method'] === 'POST' ? path.exec(headers[':path'] ?? '') : null;
  try {
    return match === null ? undefined : decodeURIComponent(match[1] as string);
  } catch {
    return undefined;
  }
}

function checkSignature(
  headers: IncomingHttpHeaders,
  rules: RequestRules,
  epochMs: number,
  payload: string,
): { chain: SignatureChain; credentials: Credentials } | Refusal {
  const header = headers.authorization;
  if (header === undefined) return refusal('MissingAuthenticationTokenException', 'Missing Authentication Token');
  const authorization = parseAuthorization(header);
  if (authorization === undefined)
    return refusal('IncompleteSignatureException', 'The Authorization header is not a complete AWS4-HMAC-SHA256 one.');
  const credentials = rules.credentials.find(
    ({ accessKeyId, sessionToken }) =>
      accessKeyId === authorization.accessKeyId && sessionToken === headers['x-amz-security-token'],
  );
  if (credentials === undefined)
    return refusal('UnrecognizedClientException', 'The security token included in the request is invalid.');
  if (credentials.expiration !== undefined && credentials.expiration.getTime() <= epochMs)
    return refusal('ExpiredTokenException', EXPIRED_CREDENTIALS);
  const { scope } = authorization;
  if (scope.region !== rules.region)
    return refusal('InvalidSignatureException', 'Credential should be scoped to a valid region.');
  if (scope.service !== 'bedrock')
    return refusal('InvalidSignatureException', "Credential should be scoped to correct service: 'bedrock'.");
  const checked = checkRequestSignature(headers, authorization, { ...rules, credentials }, epochMs, payload);
  return 'chain' in checked ? { ...checked, credentials } : checked;
}

function checkRequestSignature(
  headers: IncomingHttpHeaders,
  authorization: Authorization,
  rules: { credentials: Credentials; maxClockSkewMs: number },
  epochMs: number,
  payload: string,
): { chain: SignatureChain } | Refusal {
  const { scope, signedHeaders, signature } = authorization;
  const amzDate = String(headers['x-amz-date'] ?? '');
  const date = parseAmzDate(amzDate);
  if (date === undefined || !amzDate.startsWith(scope.date))
    return refusal('InvalidSignatureException', 'Date in Credential scope does not match YYYYMMDD from ISO-8601 date.');
  if (Math.abs(date.getTime() - epochMs) > rules.maxClockSkewMs)
    return refusal('InvalidSignatureException', `Signature expired: ${amzDate} is too far from the server's time.`);
  if (headers['x-amz-content-sha256'] !== payload)
    return refusal('InvalidSignatureException', `x-amz-content-sha256 must be ${payload}.`);
  const hostSigned = signedHeaders.includes('host') || signedHeaders.includes(':authority');
  if (!hostSigned || !MUST_BE_SIGNED.every((name) => signedHeaders.includes(name)))
    return refusal(
      'InvalidSignatureException',
      `'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.`,
    );
  const key = signingKey(rules.credentials.secretAccessKey, scope);
  const named = { host: headers[':authority'], ...headers };
  const path = headers[':path'] ?? '';
  const signed = { method: 'POST', path, headers: named, signedHeaders, amzDate, scope, payload };
  const calculated = requestSignature(key, signed);
  if (calculated !== signature) return refusal('InvalidSignatureException', BAD_SIGNATURE);
  return { chain: new SignatureChain(key, scope, signature) };
}

function refusal(type: string, message: string): Refusal {
  return { status: 403, type, message };
}

function refuse(status: number, type: string, message: string): { ok: false; refusal: Refusal } {
  return { ok: false, refusal: { status, type, message } };
}
