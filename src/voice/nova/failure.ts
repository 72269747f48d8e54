import { type ErrorCode, TandemError } from '../../base/errors.js';
import { untypedStatus } from '../../base/untyped-answer.js';
import { codeOfStatus } from '../status-code.js';

/** Error codes by the name of the SDK's error class or the service's error code. */
const CODE_BY_NAME = new Map<string, ErrorCode>([
  ['AccessDeniedException', 'VOICE_REFUSED'],
  ['CredentialsProviderError', 'VOICE_REFUSED'],
  ['ExpiredTokenException', 'VOICE_REFUSED'],
  ['IncompleteSignatureException', 'VOICE_REFUSED'],
  ['InvalidSignatureException', 'VOICE_REFUSED'],
  ['MissingAuthenticationTokenException', 'VOICE_REFUSED'],
  ['ResourceNotFoundException', 'VOICE_REFUSED'],
  ['TokenProviderError', 'VOICE_REFUSED'],
  ['UnrecognizedClientException', 'VOICE_REFUSED'],
  ['ServiceQuotaExceededException', 'VOICE_THROTTLED'],
  ['ThrottlingException', 'VOICE_THROTTLED'],
  ['TooManyRequestsException', 'VOICE_THROTTLED'],
  ['ModelTimeoutException', 'VOICE_EXPIRED'],
  ['InternalServerException', 'VOICE_FAILED'],
  ['ModelErrorException', 'VOICE_FAILED'],
  ['ModelNotReadyException', 'VOICE_FAILED'],
  ['ModelStreamErrorException', 'VOICE_FAILED'],
  ['ServiceUnavailableException', 'VOICE_FAILED'],
]);

/**
 * Error codes by the message of a ValidationException, because the service uses that name for its own faults, too. The
 * strings are the service's, as others have seen them (Pipecat, LiveKit).
 */
const CODE_BY_MESSAGE: readonly [RegExp, ErrorCode, string][] = [
  [/System instability/i, 'VOICE_FAILED', 'system instability'],
  [/RST_STREAM/i, 'VOICE_FAILED', 'stream reset'],
  [/content filter/i, 'VOICE_BLOCKED', 'content filter'],
  [/Timed out waiting for audio/i, 'VOICE_STALLED', 'no audio'],
  [/Could not load credentials/i, 'VOICE_REFUSED', 'no credentials'],
  [/token\b.*\bexpired/i, 'VOICE_REFUSED', 'expired credentials'],
];

const WHAT: Partial<Record<ErrorCode, string>> = {
  VOICE_REFUSED: 'refused the session',
  VOICE_THROTTLED: 'accepts no further session now',
  VOICE_EXPIRED: 'ended the session at its time limit or with its credentials',
  VOICE_FAILED: 'had a fault',
  VOICE_BLOCKED: 'blocked the content',
  VOICE_PROTOCOL: 'did not accept what the gateway sent',
  VOICE_STALLED: 'heard nothing for too long',
  VOICE_UNREACHABLE: 'could not be reached, or the connection broke',
};

/**
 * Returns an error of the SDK as TandemError. The SDK's message is not kept, because it can quote the conversation.
 * `inSession` says that the service had taken the session. Credentials that it then refuses have ended since, and the
 * next session gets new ones.
 */
export function novaError(error: unknown, { inSession } = { inSession: false }): TandemError {
  const name = error instanceof Error && /^\w{1,80}$/.test(error.name) ? error.name : 'unknown error';
  const message = error instanceof Error ? error.message : '';
  const known = CODE_BY_MESSAGE.find(([pattern]) => pattern.test(message));
  const status = untypedStatus(error);
  const found =
    known?.[1] ??
    CODE_BY_NAME.get(name) ??
    (status === undefined ? codeOfFault((error as { $fault?: unknown } | null)?.$fault) : codeOfStatus(status));
  const code = found === 'VOICE_REFUSED' && inSession ? 'VOICE_EXPIRED' : found;
  const what = status === undefined ? name : `HTTP status ${status}`;
  const details = [what, known?.[2], systemCode(error)].filter((detail) => detail !== undefined).join(', ');
  return new TandemError(code, `Amazon Nova Sonic ${WHAT[code] ?? 'failed'} (${details}).`);
}

/** For an error without a class, the SDK marks whether the client or the service caused it. */
function codeOfFault(fault: unknown): ErrorCode {
  return fault === 'client' ? 'VOICE_PROTOCOL' : fault === 'server' ? 'VOICE_FAILED' : 'VOICE_UNREACHABLE';
}

/**
 * Returns the error for a stream that the service ended without one. A reset and a closed connection look like this.
 */
export function endedByItself(): TandemError {
  return new TandemError('VOICE_UNREACHABLE', 'Amazon Nova Sonic ended the stream without an error.');
}

export function stalled(what: string): TandemError {
  return new TandemError('VOICE_STALLED', `Amazon Nova Sonic ${what}.`);
}

/** Returns a system error code such as ECONNREFUSED. */
function systemCode(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' && /^[A-Z][A-Z0-9_]*$/.test(code) ? code : undefined;
}
