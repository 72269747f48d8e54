import type { IncomingMessage } from 'node:http';
import { TRANSCRIBERS } from './session-schema.js';
import { type WireError, refused } from './wire.js';

/** The decision about a connection attempt. */
export type Admission =
  | { type: 'accepted'; model: string }
  /** Answered without an upgrade. */
  | { type: 'refused'; status: number; body: string }
  /** The connection is opened, gets an `error` event and is closed with 4000. */
  | { type: 'turned-away'; error: WireError };

/** The last four are served until 2027-01-20. */
export const MODELS = [
  'gpt-realtime-2.1',
  'gpt-realtime-2.1-mini',
  'gpt-realtime-2',
  'gpt-realtime-1.5',
  'gpt-realtime',
  'gpt-realtime-2025-08-28',
  'gpt-realtime-mini',
  'gpt-realtime-mini-2025-12-15',
] as const;

export interface AdmissionRules {
  /** API keys that are accepted. `undefined` accepts every key. */
  apiKeys: readonly string[] | undefined;
  models: readonly string[];
}

export function admit(request: IncomingMessage, rules: AdmissionRules): Admission {
  const url = new URL(request.url ?? '/', 'http://sim');
  if (url.pathname !== '/v1/realtime') return unknownUrl(url);
  const unauthorized = checkKey(request, rules);
  if (unauthorized !== undefined) return unauthorized;
  if (String(request.headers['openai-beta'] ?? '').includes('realtime='))
    return away(
      'beta_api_shape_disabled',
      'The Realtime Beta API is no longer supported. Please use /v1/realtime for the GA API.',
    );
  return admitTarget(url.searchParams, rules.models);
}

const MODEL_PATH = /^\/v1\/models\/([^/]+)$/;

/** Returns the answer to any other request. Only `GET /v1/models/{model}` exists (OpenAI: API – models, retrieve). */
export function describeModel(request: IncomingMessage, rules: AdmissionRules): { status: number; body: string } {
  const url = new URL(request.url ?? '/', 'http://sim');
  const [, encoded] = MODEL_PATH.exec(url.pathname) ?? [];
  if (encoded === undefined || request.method !== 'GET') return unknownUrl(url);
  const unauthorized = checkKey(request, rules);
  if (unauthorized !== undefined) return unauthorized;
  const id = decodeURIComponent(encoded);
  if (![...rules.models, ...TRANSCRIBERS].includes(id))
    return refusal(404, 'invalid_request_error', 'model_not_found', `The model '${id}' does not exist`, 'model');
  return { status: 200, body: JSON.stringify({ id, object: 'model', created: 1_780_000_000, owned_by: 'system' }) };
}

function unknownUrl(url: URL): Extract<Admission, { type: 'refused' }> {
  return refusal(404, 'invalid_request_error', 'unknown_url', `Invalid URL (GET ${url.pathname})`);
}

export function checkKey(
  request: IncomingMessage,
  rules: AdmissionRules,
): Extract<Admission, { type: 'refused' }> | undefined {
  const key = /^Bearer (\S+)$/.exec(request.headers.authorization ?? '')?.[1];
  if (key === undefined)
    return refusal(401, 'invalid_request_error', null, 'Missing bearer or basic authentication in header');
  return rules.apiKeys === undefined || rules.apiKeys.includes(key) ? undefined : refusedFor(401);
}

function admitTarget(query: URLSearchParams, models: readonly string[]): Admission {
  const targets = ['model', 'call_id', 'intent'].filter((name) => query.has(name));
  const model = query.get('model') ?? '';
  if (targets.length > 1)
    return away(
      'invalid_parameters',
      `Only one of model, call_id and intent can be given, not ${targets.join(' and ')}.`,
    );
  // SIP calls are not simulated. For an unknown call the service answers with an empty 404.
  if (query.has('call_id')) return { type: 'refused', status: 404, body: '' };
  if (query.has('intent')) return away('invalid_intent', 'Transcription sessions are not simulated.');
  if (model === '') return away('missing_model', 'You must provide a model parameter.');
  if (!models.includes(model))
    return away('model_not_found', `The model \`${model}\` does not exist or you do not have access to it.`);
  return { type: 'accepted', model };
}

function away(code: string, message: string): Admission {
  return { type: 'turned-away', error: refused(code, message).error };
}

function refusal(
  status: number,
  type: string,
  code: string | null,
  message: string,
  param: string | null = null,
): Extract<Admission, { type: 'refused' }> {
  return { type: 'refused', status, body: JSON.stringify({ error: { message, type, param, code } }, null, 2) };
}

/** Returns the answer to a handshake that fails with this status. */
export function refusedFor(status: number): Extract<Admission, { type: 'refused' }> {
  switch (status) {
    case 401:
      return refusal(
        401,
        'invalid_request_error',
        'invalid_api_key',
        'Incorrect API key provided. You can find your API key at https://platform.openai.com/account/api-keys.',
      );
    case 403:
      return refusal(
        403,
        'request_forbidden',
        'unsupported_country_region_territory',
        'Country, region, or territory not supported',
      );
    case 404:
      return { type: 'refused', status, body: '' };
    case 429:
      return refusal(
        429,
        'insufficient_quota',
        'insufficient_quota',
        'You exceeded your current quota, please check your plan and billing details.',
      );
    case 503:
      return refusal(503, 'service_unavailable_error', null, 'That model is currently overloaded with other requests.');
    default:
      return refusal(
        status,
        'server_error',
        null,
        'The server had an error while processing your request. Sorry about that!',
      );
  }
}
