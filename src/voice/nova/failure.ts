import { type ErrorCode, TandemError } from '../../base/errors.js';

/** By the name of the SDK's error class or the service's error code. */
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
 * What the service puts into a ValidationException. The strings are the service's own, as seen by others (Pipecat, LiveKit);
 * a fault of the service can come under this name too.
 */
const CODE_BY_MESSAGE: readonly [RegExp, ErrorCode, string][] = [
  [/System instability/i, 'VOICE_FAILED', 'system instability'],
  [/RST_STREAM/i, 'VOICE_FAILED', 'stream reset'],
  [/content filter/i, 'VOICE_BLOCKED', 'content filter'],
  [/Timed out waiting for audio/i, 'VOICE_STALLED', 'no audio'],
  [/Could not load credentials/i, 'VOICE_REFUSED', 'no credentials'],
];

const WHAT: Partial<Record<ErrorCode, string>> = {
  VOICE_REFUSED: 'refused the session',
  VOICE_THROTTLED: 'takes no further session now',
  VOICE_EXPIRED: 'ended the session at its time limit',
  VOICE_FAILED: 'had a fault',
  VOICE_BLOCKED: 'blocked the content',
  VOICE_PROTOCOL: 'did not accept what the gateway sent',
  VOICE_STALLED: 'heard nothing for too long',
  VOICE_UNREACHABLE: 'could not be reached, or the connection broke',
};

/** An error of the SDK in our words. Its message is looked at and left behind: it can quote what was said. */
export function novaError(error: unknown): TandemError {
  const name = error instanceof Error && /^\w{1,80}$/.test(error.name) ? error.name : 'unknown error';
  const message = error instanceof Error ? error.message : '';
  const known = CODE_BY_MESSAGE.find(([pattern]) => pattern.test(message));
  // An error of the service that has no class here; the SDK marks them by whose fault they are.
  const fault = (error as { $fault?: unknown } | null)?.$fault;
  const code =
    known?.[1] ??
    CODE_BY_NAME.get(name) ??
    (fault === 'client' ? 'VOICE_PROTOCOL' : fault === 'server' ? 'VOICE_FAILED' : 'VOICE_UNREACHABLE');
  const details = [name, known?.[2], systemCode(error)].filter((detail) => detail !== undefined).join(', ');
  return new TandemError(code, `Amazon Nova Sonic ${WHAT[code] ?? 'failed'} (${details}).`);
}

/** The stream ended without an error and without our having ended it: a reset and a closed connection look like this. */
export function endedByItself(): TandemError {
  return new TandemError('VOICE_UNREACHABLE', 'Amazon Nova Sonic ended the stream without saying why.');
}

export function stalled(what: string): TandemError {
  return new TandemError('VOICE_STALLED', `Amazon Nova Sonic ${what}.`);
}

/** ECONNREFUSED and the like. */
function systemCode(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' && /^[A-Z][A-Z0-9_]*$/.test(code) ? code : undefined;
}
