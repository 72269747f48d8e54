import { pino } from 'pino';
import type { SpeechEngine, SpeechInput, SpeechListener } from '../../src/speech/engine.js';
import { createLocalProvider } from '../../src/voice/local/provider.js';
import type { VoiceEvent, VoiceSession, VoiceSessionOptions } from '../../src/voice/session.js';
import { FakeClock } from './fake-clock.js';

// For tests of the embedded voice: a session whose engine hears and speaks what the test says.

/** 2.5 pieces of 200 ms, so that a sentence does not divide evenly. */
const SENTENCE_BYTES = 4000;

/** Synthesises silence for every sentence, at once or when the test releases it. */
export class FakeEngine implements SpeechEngine {
  listener: SpeechListener | undefined;
  readonly spoken: string[] = [];
  readonly pushed: Uint8Array[] = [];
  sentenceBytes = SENTENCE_BYTES;
  isHolding = false;
  isListening = false;
  failure: Error | undefined;
  private held: (() => void)[] = [];

  transcribe(): Promise<string> {
    return Promise.resolve('');
  }

  async synthesize(text: string): Promise<Uint8Array> {
    this.spoken.push(text);
    if (this.isHolding) await new Promise<void>((resolve) => this.held.push(resolve));
    if (this.failure !== undefined) throw this.failure;
    return new Uint8Array(this.sentenceBytes).fill(0xff);
  }

  listen(listener: SpeechListener): SpeechInput {
    this.listener = listener;
    this.isListening = true;
    return {
      push: (mulaw) => void this.pushed.push(mulaw),
      close: () => {
        this.isListening = false;
      },
    };
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  release(): void {
    for (const resolve of this.held.splice(0)) resolve();
  }

  hear(text: string): void {
    this.listener?.onSpeechStarted();
    this.listener?.onSpeechStopped();
    this.listener?.onText(text);
  }
}

interface LocalRig {
  engine: FakeEngine;
  clock: FakeClock;
  session: VoiceSession;
  events: VoiceEvent[];
  /** Returns what was spoken, sentence by sentence. */
  texts(): string[];
  kinds(): string[];
  anomalies: string[];
  onEvent: ((event: VoiceEvent) => void) | undefined;
}

export function openLocal(options: Partial<VoiceSessionOptions> = {}, llmBaseUrl?: string): LocalRig {
  const engine = new FakeEngine();
  const clock = new FakeClock();
  const anomalies: string[] = [];
  const provider = createLocalProvider({
    sttModel: 'tiny',
    llmBaseUrl,
    onAnomaly: (kind, callId) => anomalies.push(`${kind} ${callId}`),
    llmModel: 'small',
    log: pino({ level: 'silent' }),
    engine,
    clock,
  });
  const events: VoiceEvent[] = [];
  const rig: LocalRig = {
    engine,
    clock,
    events,
    anomalies,
    texts: () => events.flatMap((event) => (event.type === 'assistant-text' ? [event.text] : [])),
    kinds: () => events.map((event) => event.type),
    onEvent: undefined,
    session: provider.open({
      conversationId: 'c',
      instructions: '',
      greeting: 'Hello.',
      language: 'en-US',
      tools: [{ name: 'transfer_to_human', description: 'Calls a human.', parameters: {} }],
      answersLast: false,
      conversation: { turns: [], isPlaying: false },
      listener: (event) => {
        events.push(event);
        rig.onEvent?.(event);
      },
      ...options,
    }),
  };
  return rig;
}

/** Lets everything run that waits only for promises. */
export function settle(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

export async function greeted(options: Partial<VoiceSessionOptions> = {}): Promise<LocalRig> {
  const rig = openLocal(options);
  await settle();
  rig.events.length = 0;
  return rig;
}
