import assert from 'node:assert/strict';
import { createLogger, type Logger } from '../../src/telemetry/log.js';
import type { OpenAiAnomaly } from '../../src/voice/openai/anomalies.js';
import { createOpenAiProvider, type OpenAiProviderOptions } from '../../src/voice/openai/provider.js';
import type { VoiceProvider, VoiceSession, VoiceSessionOptions } from '../../src/voice/session.js';
import { FakeClock } from './fake-clock.js';
import { LeakWatch } from './leaks.js';
import { OpenAiService, type ServiceConnection } from './openai-service.js';
import { VoiceRecorder } from './voice-recorder.js';

// For tests of the OpenAI provider: the provider and a service that the test plays.

const API_KEY = 'sk-test-very-secret';

export interface OpenAiRig {
  service: OpenAiService;
  provider: VoiceProvider;
  clock: FakeClock;
  recorder: VoiceRecorder;
  anomalies: OpenAiAnomaly[];
  /** Log lines as written. */
  lines: string[];
  open: (options?: Partial<VoiceSessionOptions>) => VoiceSession;
  /** Opens a session without a greeting and waits until it is ready. */
  ready: (options?: Partial<VoiceSessionOptions>) => Promise<{ session: VoiceSession; connection: ServiceConnection }>;
}

/** Runs `test`, which plays the service, then closes everything and checks for leaks. */
export async function withOpenAi(
  test: (rig: OpenAiRig) => Promise<void>,
  options: Partial<OpenAiProviderOptions> = {},
): Promise<void> {
  const service = await OpenAiService.listen();
  const clock = new FakeClock();
  const recorder = new VoiceRecorder();
  const anomalies: OpenAiAnomaly[] = [];
  const lines: string[] = [];
  const provider = createOpenAiProvider({
    apiKey: API_KEY,
    baseUrl: service.baseUrl,
    model: 'gpt-realtime-2.1',
    voice: 'marin',
    transcriptionModel: 'gpt-transcribe',
    log: linesLogger(lines),
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
      conversation: { turns: [], isPlaying: false },
      listener: recorder.listener,
      ...change,
    });
  const ready: OpenAiRig['ready'] = async (change) => {
    const session = open(change);
    await recorder.nth('ready');
    const connection = await service.connected();
    await connection.next('session.update');
    return { session, connection };
  };
  try {
    await test({ service, provider, clock, recorder, anomalies, lines, open, ready });
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

function linesLogger(lines: string[]): Logger {
  return createLogger({ level: 'debug', destination: { write: (line) => lines.push(line) } });
}

/** Waits for the session to fail, and checks that its error shows nothing of the service. */
export async function failure(rig: OpenAiRig): Promise<{ code: string; message: string }> {
  const { code, message } = (await rig.recorder.nth('failed')).error;
  assert.equal(rig.recorder.types.at(-1), 'failed');
  assert.doesNotMatch(message, /secret|words of the service/);
  return { code, message };
}
