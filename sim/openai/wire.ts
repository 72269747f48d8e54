import { randomBytes } from 'node:crypto';
import type { ErrorClass } from '../model/faults.js';

/** The `error` object of an `error` event. */
export interface WireError {
  type: string;
  code: string | null;
  message: string;
  param: string | null;
}

export type Checked<T> = { ok: true; value: T } | { ok: false; error: WireError };

export function refused(code: string, message: string, param: string | null = null): { ok: false; error: WireError } {
  return { ok: false, error: { type: 'invalid_request_error', code, message, param } };
}

export function accepted<T>(value: T): { ok: true; value: T } {
  return { ok: true, value };
}

/** A server event without its `event_id`. */
export interface ServerEvent {
  type: string;
  [field: string]: unknown;
}

/** Returns an id such as `resp_…` or `item_…`, a prefix and 21 characters as in the service's ids. */
export function newId(prefix: string): string {
  return `${prefix}_${randomBytes(16).toString('base64url').replaceAll(/[-_]/g, '0').slice(0, 21)}`;
}

const ERRORS: Record<ErrorClass, [type: string, code: string | null, message: string]> = {
  server: ['server_error', null, 'The server had an error while processing your request. Sorry about that!'],
  throttled: ['rate_limit_exceeded', 'rate_limit_exceeded', 'Rate limit reached for requests. Please try again in 1s.'],
  'invalid-request': ['invalid_request_error', 'invalid_value', 'The request was not valid.'],
  unauthorized: ['invalid_request_error', 'invalid_api_key', 'Incorrect API key provided.'],
  unavailable: [
    'server_error',
    'service_unavailable',
    'The service is temporarily overloaded. Please try again later.',
  ],
  timeout: ['invalid_request_error', 'session_expired', 'Your session hit the maximum duration of 60 minutes.'],
};

/** Returns the service's error for each class. */
export function errorOfClass(name: ErrorClass, message?: string): WireError {
  const [type, code, text] = ERRORS[name];
  return { type, code, message: message ?? text, param: null };
}
