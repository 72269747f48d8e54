import { type ErrorCode, TandemError } from '../../base/errors.js';
import { codeOfStatus } from '../status-code.js';
import { originOf } from './refused-setting.js';
import type { ResponseDone, ServerError } from './server-events.js';

/** `note` keeps the session. `retry` repeats the request once. `fail` ends the session. */
export type Verdict = { do: 'note' } | { do: 'retry' } | { do: 'fail'; code: ErrorCode };

/** The error for a request made while another response was in progress. */
export const ALREADY_ACTIVE = 'conversation_already_has_active_response';

/** The error for a cancel of a response that has just ended. */
export const CANCEL_TOO_LATE = 'response_cancel_not_active';

const NOTE: Verdict = { do: 'note' };
const RETRY: Verdict = { do: 'retry' };

/**
 * What to do about an error, by its code or else by its type (OpenAI: Realtime – `error`: "most errors are
 * recoverable"). An error that is not listed is only noted, because others have lost more calls by ending sessions for
 * harmless errors than by the errors themselves.
 */
const ERRORS: Readonly<Record<string, Verdict>> = {
  [ALREADY_ACTIVE]: RETRY,
  server_error: RETRY,
  internal_error: RETRY,
  rate_limit_exceeded: RETRY,
  rate_limit_error: RETRY,
  // The response or item had ended before the gateway knew.
  [CANCEL_TOO_LATE]: NOTE,
  invalid_value: NOTE,
  unsupported_content_type: NOTE,
  item_not_found: NOTE,
  invalid_item_id: NOTE,
  input_audio_buffer_commit_empty: NOTE,
  beta_api_shape_disabled: { do: 'fail', code: 'VOICE_PROTOCOL' },
  session_expired: { do: 'fail', code: 'VOICE_EXPIRED' },
  insufficient_quota: { do: 'fail', code: 'VOICE_REFUSED' },
  billing_hard_limit_reached: { do: 'fail', code: 'VOICE_REFUSED' },
  invalid_api_key: { do: 'fail', code: 'VOICE_REFUSED' },
  authentication_error: { do: 'fail', code: 'VOICE_REFUSED' },
  permission_error: { do: 'fail', code: 'VOICE_REFUSED' },
  model_not_found: { do: 'fail', code: 'VOICE_REFUSED' },
  content_filter: { do: 'fail', code: 'VOICE_BLOCKED' },
};

export function judgeError(error: ServerError): Verdict {
  return ERRORS[error.code] ?? ERRORS[error.type] ?? NOTE;
}

/** Returns what to do about a response, or `undefined` if nothing is wrong with it. */
export function judgeResponse(done: ResponseDone): Verdict | undefined {
  if (done.status === 'incomplete' && done.reason === 'content_filter') return { do: 'fail', code: 'VOICE_BLOCKED' };
  if (done.status !== 'failed') return undefined;
  const verdict = done.error === undefined ? NOTE : judgeError(done.error);
  return verdict.do === 'fail' ? verdict : RETRY;
}

/** Returns the code with which the session fails after a retry did not help. */
export function codeOfRepeated(error: ServerError | undefined): ErrorCode {
  return isThrottled(error) ? 'VOICE_THROTTLED' : 'VOICE_FAILED';
}

export function isThrottled(error: ServerError | undefined): boolean {
  return error?.code.startsWith('rate_limit') === true || error?.type.startsWith('rate_limit') === true;
}

/** Returns the error for a WebSocket upgrade that was answered with another status than 101. */
export function refusedHandshake(status: number): TandemError {
  return new TandemError(codeOfStatus(status), `OpenAI refused the connection with HTTP status ${status}.`);
}

/** Returns the error for a failed name lookup, TCP or TLS connection. Only the system's code is kept. */
export function unreachable(error: unknown): TandemError {
  const code = (error as { code?: unknown } | null)?.code;
  const which = typeof code === 'string' && /^[A-Z0-9_]{1,48}$/.test(code) ? ` (${code})` : '';
  return new TandemError('VOICE_UNREACHABLE', `OpenAI could not be reached${which}.`);
}

/**
 * Returns the error for a socket that the service closed. 1001 with that reason is its limit of 60 minutes, 4000 its
 * answer to another version of the protocol. The reason is not shown, because it is free text.
 */
export function closedByService(closeCode: number, reason: string): TandemError {
  if (closeCode === 1001 && /maximum duration/i.test(reason)) {
    return new TandemError('VOICE_EXPIRED', 'OpenAI ended the session at its maximum duration.');
  }
  return new TandemError(
    closeCode === 4000 ? 'VOICE_PROTOCOL' : 'VOICE_UNREACHABLE',
    `OpenAI closed the connection with code ${closeCode}.`,
  );
}

/** Returns the error for a refused field of the settings, with the place where the operator can change it. */
export function refusedSetting(code: ErrorCode, error: ServerError): TandemError {
  const { param } = error;
  if (param === '') return reported(code, error);
  const origin = originOf(param);
  const where = origin === undefined ? '' : ` (set by ${origin})`;
  return new TandemError(code, `OpenAI refused ${param}${where}: ${error.code === '' ? error.type : error.code}.`);
}

/** Returns `error` as it may be shown: with codes, never with the service's text. */
export function reported(code: ErrorCode, error: ServerError | undefined): TandemError {
  const name = error === undefined ? '' : error.code === '' ? error.type : error.code;
  return new TandemError(code, `OpenAI reported an error${name === '' ? '' : `: ${name}`}.`);
}
