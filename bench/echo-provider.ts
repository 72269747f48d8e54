import type { VoiceProvider, VoiceSession, VoiceSessionOptions } from '../src/voice/session.js';

/** A model that sends back every frame at once, so that a measurement is of the gateway alone. */
export class EchoProvider implements VoiceProvider {
  readonly name = 'echo';

  prepare(): Promise<void> {
    return Promise.resolve();
  }

  open({ listener }: VoiceSessionOptions): VoiceSession {
    queueMicrotask(() => listener({ type: 'ready' }));
    return {
      sendAudio: (chunk) => listener({ type: 'audio', responseId: 'echo', itemId: 'echo', chunk }),
      sendText: () => undefined,
      sendDigits: () => undefined,
      say: () => undefined,
      cancel: () => undefined,
      reportHeard: () => undefined,
      sendToolResult: () => undefined,
      close: () => undefined,
    };
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
