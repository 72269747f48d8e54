import { AudioChunk } from '../../src/audio/chunk.js';
import { createLogger } from '../../src/telemetry/log.js';
import type { LiveAnomaly } from '../../src/voice/openai-live/anomalies.js';
import { type OpenAiLiveProviderOptions, createOpenAiLiveProvider } from '../../src/voice/openai-live/provider.js';
import type { VoiceProvider, VoiceSession, VoiceSessionOptions } from '../../src/voice/session.js';
import { FakeClock } from './fake-clock.js';
import { LeakWatch } from './leaks.js';
import { OpenAiService, type ServiceConnection } from './openai-service.js';
import { VoiceRecorder } from './voice-recorder.js';

// For tests of the provider of GPT-Live: the provider and a service that the test plays.

const API_KEY = 'sk-test-very-secret';
const FRAME_MS = 20;

export interface LiveRig {
  service: OpenAiService;
  provider: VoiceProvider;
  clock: FakeClock;
  recorder: VoiceRecorder;
  anomalies: LiveAnomaly[];
  /** Log lines as written. */
  lines: string[];
  playing: { value: boolean };
  open: (options?: Partial<VoiceSessionOptions>) => VoiceSession;
  /** Opens a session without a greeting and waits until it is ready. */
  ready: (options?: Partial<VoiceSessionOptions>) => Promise<{ session: VoiceSession; connection: ServiceConnection }>;
}

/** Runs `test`, which plays the service, then closes everything and checks for leaks. */
export async function withLive(
  test: (rig: LiveRig) => Promise<void>,
  options: Partial<OpenAiLiveProviderOptions> = {},
): Promise<void> {
  const service = await OpenAiService.listen();
  service.isSilent = true;
  const clock = new FakeClock();
  const recorder = new VoiceRecorder();
  const anomalies: LiveAnomaly[] = [];
  const lines: string[] = [];
  const playing = { value: false };
  const provider = createOpenAiLiveProvider({
    apiKey: API_KEY,
    baseUrl: service.baseUrl,
    model: 'gpt-live-1',
    backendModel: 'gpt-5.6-luna',
    voice: 'marin',
    renewAfterMs: 6_600_000,
    log: createLogger({ level: 'debug', destination: { write: (line) => lines.push(line) } }),
    clock,
    onAnomaly: (kind) => anomalies.push(kind),
    ...options,
  });
  const open = (change: Partial<VoiceSessionOptions> = {}): VoiceSession =>
    provider.open({
      conversationId: 'conversation-1',
      instructions: 'Be brief.',
      greeting: undefined,
      answersLast: false,
      language: 'en',
      tools: [],
      conversation: {
        turns: [],
        get isPlaying() {
          return playing.value;
        },
      },
      listener: recorder.listener,
      ...change,
    });
  const ready: LiveRig['ready'] = async (change) => {
    const session = open(change);
    const connection = await service.connected();
    await connection.next('session.start');
    connection.send(sessionStarted());
    await recorder.nth('ready');
    return { session, connection };
  };
  try {
    await test({ service, provider, clock, recorder, anomalies, lines, playing, open, ready });
  } finally {
    await provider.close();
    await service.close();
    const leaks = new LeakWatch();
    leaks.secret(API_KEY);
    leaks.heard(recorder.events);
    leaks.wrote('the log', lines.join(''));
    leaks.check();
  }
}

export function sessionStarted(session: object = {}): { type: string } {
  const audio = { format: { type: 'audio/pcmu', rate: 8000 }, output: { voice: 'marin' } };
  const event = { type: 'session.started', session: { id: 'live_1', status: 'active', audio, ...session } };
  return event;
}

/** Mu-law that is loud. */
const LOUD = 0x10;
const QUIET = 0xff;

/** A piece of the model's stream. */
export function modelAudio(kind: 'loud' | 'quiet', ms = 100): { type: string; delta: string } {
  const delta = Buffer.alloc(ms * 8, kind === 'loud' ? LOUD : QUIET).toString('base64');
  return { type: 'session.output_audio.delta', delta };
}

export function words(side: 'input' | 'output', delta: string, startMs: number, endMs = startMs + 200) {
  return { type: `session.${side}_transcript.delta`, delta, start_ms: startMs, end_ms: endMs };
}

/** An event of the backend in its envelope. */
export function backendEvent(event: { type: string } & Record<string, unknown>, delegationId: string | null = 'del_1') {
  return { type: 'response.event', delegation_id: delegationId, event };
}

export function functionCall(callId: string, name: string, args = '{}') {
  const item = { type: 'function_call', status: 'completed', call_id: callId, name, arguments: args };
  return backendEvent({ type: 'response.output_item.done', item });
}

/** Sends audio of the caller's line, frame by frame, while time passes. */
export function callerLine(session: VoiceSession, clock: FakeClock, kind: 'loud' | 'quiet', ms: number): void {
  for (let at = 0; at < ms; at += FRAME_MS) {
    const bytes = new Uint8Array(FRAME_MS * 8).fill(kind === 'loud' ? LOUD : QUIET);
    session.sendAudio(AudioChunk.fromBytes('mulaw', 8000, bytes));
    clock.advance(FRAME_MS);
  }
}
