import type { ErrorCode } from '../base/errors.js';

/** Returns the error code for an answer of a model's service whose HTTP status is all that is known. */
export function codeOfStatus(status: number): ErrorCode {
  if (status === 429) return 'VOICE_THROTTLED';
  // An answer with such a status has passed the network, whatever its body says.
  if (status >= 500) return 'VOICE_FAILED';
  if (status === 408 || status < 400) return 'VOICE_UNREACHABLE';
  return 'VOICE_REFUSED';
}
