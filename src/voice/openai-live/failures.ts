import { TandemError } from '../../base/errors.js';
import { judgeError, refusedSetting, reported } from '../openai/failures.js';
import type { ServerError } from '../openai/server-events.js';

/** Returns the error for a session that the service did not start. */
export function notStarted(error: ServerError): TandemError {
  const verdict = judgeError(error);
  if (verdict.do === 'fail') return reported(verdict.code, error);
  if (isThrottled(error)) return reported('VOICE_THROTTLED', error);
  if (error.type === 'server_error') return reported('VOICE_FAILED', error);
  // The same settings would be refused again.
  return refusedSetting('VOICE_PROTOCOL', error);
}

/** Returns the error that ends a running session, or `undefined` if the session goes on. Most errors concern one event. */
export function fatal(error: ServerError): TandemError | undefined {
  const verdict = judgeError(error);
  return verdict.do === 'fail' ? reported(verdict.code, error) : undefined;
}

/** Returns the error for a session that the service has closed, by its reason (OpenAI: Managing GPT-Live sessions). */
export function closedFor(reason: string): TandemError {
  switch (reason) {
    case 'expired':
      return new TandemError('VOICE_EXPIRED', 'OpenAI ended the session at its maximum duration.');
    case 'content':
      return new TandemError('VOICE_BLOCKED', "OpenAI's safety filter ended the session.");
    case 'connection_lost':
      return new TandemError('VOICE_UNREACHABLE', 'OpenAI lost the connection of the session.');
    default:
      return new TandemError('VOICE_FAILED', `OpenAI ended the session${reason === '' ? '' : `: ${reason}`}.`);
  }
}

function isThrottled({ code, type }: ServerError): boolean {
  return code.startsWith('rate_limit') || type.startsWith('rate_limit');
}
