import type { TandemError } from '../base/errors.js';
import type { VoiceListener, VoiceSession } from './session.js';

/** What a provider gives when it cannot even try: a session that fails at once and takes whatever it is told. */
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
