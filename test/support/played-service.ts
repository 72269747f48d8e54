import { type Logger, createLogger } from '../../src/telemetry/log.js';
import type { Clock } from '../../src/base/clock.js';
import type { VoiceProvider, VoiceSession, VoiceSessionOptions } from '../../src/voice/session.js';
import { FakeClock } from './fake-clock.js';
import { LeakWatch } from './leaks.js';
import { OpenAiService, type ServiceConnection } from './openai-service.js';
import { VoiceRecorder } from './voice-recorder.js';

// For tests of a provider of OpenAI: the provider and a service that the test plays.

const API_KEY = 'sk-test-very-secret';

/** What every provider with an account of OpenAI needs. */
export interface ProviderParts {
  apiKey: string;
  baseUrl: string;
  log: Logger;
  clock: Clock;
}

export interface ServiceRig {
  service: OpenAiService;
  provider: VoiceProvider;
  clock: FakeClock;
  recorder: VoiceRecorder;
  /** Log lines as written. */
  lines: string[];
  /** Whether something plays to the caller. */
  playing: { value: boolean };
  open: (options?: Partial<VoiceSessionOptions>) => VoiceSession;
}

/** Opens a session without a greeting and waits until it is ready. */
export type OpenReady = (
  options?: Partial<VoiceSessionOptions>,
) => Promise<{ session: VoiceSession; connection: ServiceConnection }>;

/** Runs `test`, which plays the service, then closes everything and checks for leaks. */
export async function withService(
  create: (parts: ProviderParts) => VoiceProvider,
  test: (rig: ServiceRig) => Promise<void>,
): Promise<void> {
  const service = await OpenAiService.listen();
  const clock = new FakeClock();
  const recorder = new VoiceRecorder();
  const lines: string[] = [];
  const playing = { value: false };
  const log = createLogger({ level: 'debug', destination: { write: (line) => lines.push(line) } });
  const provider = create({ apiKey: API_KEY, baseUrl: service.baseUrl, log, clock });
  const open: ServiceRig['open'] = (change = {}) =>
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
  try {
    await test({ service, provider, clock, recorder, lines, playing, open });
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
