import {
  AudioChunk,
  MULAW_BYTES_PER_MS,
  type ProviderContext,
  type ProviderFactory,
  TELEPHONE_RATE_HZ,
  type VoiceProvider,
  type VoiceSession,
  type VoiceSessionOptions,
  mulawToPcm,
} from 'tandem/extension';

/** Says back what the caller says: the smallest voice that is complete. */
export const providers: Record<string, ProviderFactory> = {
  parrot: (context) => new ParrotProvider(context),
};

class ParrotProvider implements VoiceProvider {
  readonly name = 'parrot';
  private readonly sessions = new Set<ParrotSession>();
  private readonly quietMs: number;

  constructor({ env }: ProviderContext) {
    this.quietMs = Number(env['PARROT_QUIET_MS'] ?? '600');
  }

  prepare(): Promise<void> {
    return Promise.resolve();
  }

  open(options: VoiceSessionOptions): VoiceSession {
    const session = new ParrotSession(options, this.quietMs, () => this.sessions.delete(session));
    this.sessions.add(session);
    return session;
  }

  close(): Promise<void> {
    for (const session of this.sessions) session.close();
    return Promise.resolve();
  }
}

/** Loudness (mean of 16-bit samples without their sign) from which a frame is speech. */
const SPEECH_LEVEL = 300;

/** `waiting` for the caller, or `hearing` an utterance, of which the last `quietMs` were silent. */
type State = { name: 'waiting' } | { name: 'hearing'; heard: Uint8Array[]; quietMs: number } | { name: 'closed' };

class ParrotSession implements VoiceSession {
  private readonly options: VoiceSessionOptions;
  private readonly endsAfterMs: number;
  private readonly onClosed: () => void;
  private state: State = { name: 'waiting' };
  private count = 0;

  constructor(options: VoiceSessionOptions, endsAfterMs: number, onClosed: () => void) {
    this.options = options;
    this.endsAfterMs = endsAfterMs;
    this.onClosed = onClosed;
    // `open` returns before the first event.
    queueMicrotask(() => this.emit({ type: 'ready' }));
  }

  sendAudio(chunk: AudioChunk): void {
    const { state } = this;
    if (state.name === 'closed') return;
    const isSpeech = levelOf(chunk.bytes) >= SPEECH_LEVEL;
    if (state.name === 'waiting') {
      if (!isSpeech) return;
      this.state = { name: 'hearing', heard: [chunk.bytes], quietMs: 0 };
      this.emit({ type: 'caller-speech-started' });
      // A caller who speaks does not want to listen, so playback stops.
      this.emit({ type: 'interruption' });
      return;
    }
    state.heard.push(chunk.bytes);
    state.quietMs = isSpeech ? 0 : state.quietMs + chunk.durationMs;
    if (state.quietMs < this.endsAfterMs) return;
    this.state = { name: 'waiting' };
    this.emit({ type: 'caller-speech-stopped' });
    this.answer(Buffer.concat(state.heard), undefined);
  }

  // A parrot reads no text and cannot speak a given line, so the carrier says the gateway's own lines.
  sendText(): void {}
  sendDigits(): void {}

  say(_text: string, sayId: string): void {
    this.answer(new Uint8Array(0), sayId);
  }

  // It sends each answer whole and remembers nothing, so there is nothing to stop or to correct. It calls no tools.
  cancel(): void {}
  reportHeard(): void {}
  sendToolResult(): void {}

  close(): void {
    if (this.state.name === 'closed') return;
    this.state = { name: 'closed' };
    this.onClosed();
  }

  private answer(mulaw: Uint8Array, sayId: string | undefined): void {
    const responseId = `${this.options.conversationId}-${++this.count}`;
    const itemId = `${responseId}-item`;
    this.emit({ type: 'response-started', responseId, sayId });
    const pieceBytes = 200 * MULAW_BYTES_PER_MS;
    for (let at = 0; at < mulaw.length; at += pieceBytes) {
      const chunk = AudioChunk.fromBytes('mulaw', TELEPHONE_RATE_HZ, mulaw.subarray(at, at + pieceBytes));
      this.emit({ type: 'audio', responseId, itemId, chunk });
    }
    this.emit({ type: 'item-done', responseId, itemId });
    this.emit({ type: 'response-done', responseId, sayId, status: sayId === undefined ? 'completed' : 'failed' });
  }

  private emit(event: Parameters<VoiceSessionOptions['listener']>[0]): void {
    if (this.state.name !== 'closed') this.options.listener(event);
  }
}

function levelOf(mulaw: Uint8Array): number {
  const samples = mulawToPcm(mulaw);
  return samples.reduce((sum, sample) => sum + Math.abs(sample), 0) / Math.max(1, samples.length);
}
