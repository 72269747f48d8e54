import type { TandemError } from '../base/errors.js';
import type { VoiceListener, VoiceSession } from './session.js';

/** Returns a session that fails at once, for a provider that cannot even try to open one. */
export function refusedSession(listener: VoiceListener, error: TandemError): VoiceSession {
  let isClosed = false;
  queueMicrotask(() => {
    if (!isClosed) listener({ type: 'failed', error });
  });
  const nothing = (): void => undefined;
  return {
    sendAudio: nothing,
    sendText: nothing,
    sendDigits: nothing,
    say: nothing,
    cancel: nothing,
    reportHeard: nothing,
    sendToolResult: nothing,
    close: () => {
      isClosed = true;
    },
  };
}
