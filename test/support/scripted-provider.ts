import { AudioChunk } from '../../src/audio/chunk.js';
import type { HeardItem } from '../../src/voice/history.js';
import type {
  RenewalTimes,
  VoiceEvent,
  VoiceProvider,
  VoiceSession,
  VoiceSessionOptions,
} from '../../src/voice/session.js';

/** For tests of the gateway without a model: a provider whose sessions do what the test says and record what they are told. */
export class ScriptedProvider implements VoiceProvider {
  readonly name: string;
  renewal?: RenewalTimes;
  /** See {@link VoiceProvider}. Applies to sessions opened later. */
  answerWithinMs?: number;
  /** See {@link VoiceProvider}. */
  turnWaitMs = 0;
  readonly sessions: ScriptedSession[] = [];
  isFull = false;
  /** Whether a new session becomes ready only when the test emits it. */
  isSlow = false;
  /** Called for each new session. By default it speaks the greeting. */
  onOpen: (session: ScriptedSession) => void = (session) => session.speak(session.options.greeting ?? 'Hello.', 300);

  constructor(name = 'scripted', onOpen?: (session: ScriptedSession) => void) {
    this.name = name;
    if (onOpen !== undefined) this.onOpen = onOpen;
  }

  prepare(): Promise<void> {
    return Promise.resolve();
  }

  open(options: VoiceSessionOptions): VoiceSession {
    const session = new ScriptedSession(options);
    this.sessions.push(session);
    queueMicrotask(() => {
      if (!this.isSlow) session.emit({ type: 'ready' });
      this.onOpen(session);
    });
    return session;
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  get last(): ScriptedSession {
    const session = this.sessions.at(-1);
    if (session === undefined) throw new Error('No session was opened.');
    return session;
  }
}

let lastId = 0;

export class ScriptedSession implements VoiceSession {
  readonly options: VoiceSessionOptions;
  /** Set by a test whose model can write summaries. */
  summarize?: NonNullable<VoiceSession['summarize']>;
  /** Set by a test whose model can speak lines in advance. */
  render?: NonNullable<VoiceSession['render']>;
  /** Set by a test whose model must be told of a speech that never ends. */
  callerIsQuiet?: NonNullable<VoiceSession['callerIsQuiet']>;
  callerBytes = 0;
  readonly texts: string[] = [];
  readonly audio: AudioChunk[] = [];
  readonly said: string[] = [];
  readonly heard: HeardItem[] = [];
  readonly toolResults: unknown[] = [];
  cancels = 0;
  isClosed = false;
  /** Whether the model no longer speaks the lines it is given. */
  isMute = false;

  constructor(options: VoiceSessionOptions) {
    this.options = options;
  }

  emit(event: VoiceEvent): void {
    if (!this.isClosed) this.options.listener(event);
  }

  /** Speaks `text` as one item of `durationMs`, in pieces of at most 200 ms. Returns the item's id. */
  speak(text: string, durationMs: number, sayId?: string): string {
    const id = String(++lastId);
    const item = { responseId: `r${id}`, itemId: `i${id}` };
    this.emit({ type: 'response-started', responseId: item.responseId, sayId });
    this.emit({ type: 'assistant-text', ...item, text });
    for (let at = 0; at < durationMs; at += 200) {
      const bytes = new Uint8Array(Math.min(200, durationMs - at) * 8).fill(0x10);
      this.emit({ type: 'audio', ...item, chunk: AudioChunk.fromBytes('mulaw', 8000, bytes) });
    }
    this.emit({ type: 'item-done', ...item });
    this.emit({ type: 'response-done', responseId: item.responseId, sayId, status: 'completed' });
    return item.itemId;
  }

  /** Emits what a model does when the caller says `text`, an interruption included. */
  callerSays(text: string): void {
    this.emit({ type: 'caller-speech-started' });
    this.emit({ type: 'interruption' });
    this.emit({ type: 'caller-speech-stopped' });
    this.emit({ type: 'caller-text', itemId: `c${++lastId}`, text, final: true });
  }

  sendAudio(chunk: AudioChunk): void {
    this.callerBytes += chunk.sizeBytes;
    this.audio.push(chunk);
  }

  sendText(text: string): void {
    this.texts.push(text);
  }

  sendDigits(digits: string): void {
    this.texts.push(digits);
  }

  say(text: string, sayId: string): void {
    this.said.push(text);
    if (!this.isMute) this.speak(text, 300, sayId);
  }

  cancel(): void {
    this.cancels++;
  }

  reportHeard(items: readonly HeardItem[]): void {
    this.heard.push(...items);
  }

  sendToolResult(_toolCallId: string, output: unknown): void {
    this.toolResults.push(output);
  }

  close(): void {
    this.isClosed = true;
  }
}
