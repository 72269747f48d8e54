import { loudnessEar } from '../sim/model/ear.js';
import type { PlannedFault } from '../sim/model/faults.js';
import { type NovaSim, SIMULATED_CREDENTIALS, startNovaSim } from '../sim/nova/nova-sim.js';
import { type OpenAiSim, startOpenAiSim } from '../sim/openai/server.js';
import type { Clock } from '../src/base/clock.js';
import { TandemError } from '../src/base/errors.js';
import type { Logger } from '../src/telemetry/log.js';
import { createNovaProvider } from '../src/voice/nova/provider.js';
import { createOpenAiProvider } from '../src/voice/openai/provider.js';
import { refusedSession } from '../src/voice/refused-session.js';
import type { VoiceProvider, VoiceSession, VoiceSessionOptions } from '../src/voice/session.js';
import type { CallPlan } from './plan.js';
import { passingBrain } from './right-assistant.js';
import { sentenceVoice } from './voice.js';

// The simulated models of chaos calls, and the providers that reach them.

export type Model = 'openai' | 'nova';

/** Renewal times far below the models' limits, so that short calls have renewals too. */
const RENEWAL = { afterMs: 20_000, forceAfterMs: 45_000 };

/** The two simulated model services of one call, with the faults of that call alone. */
export class CallModels {
  /** Text of what the caller says now. Any session that listens hears it. */
  saying = '';
  /** Called with the assistant that answers what the caller has said. */
  onAnswer: (assistant: string) => void = () => undefined;
  private readonly openai: OpenAiSim;
  private readonly nova: NovaSim;
  private readonly providers: VoiceProvider[] = [];

  private constructor(openai: OpenAiSim, nova: NovaSim) {
    this.openai = openai;
    this.nova = nova;
  }

  static async start({ modelFaults, withoutMulaw }: CallPlan, clock: Clock): Promise<CallModels> {
    let models: CallModels | undefined;
    const ear = loudnessEar({ texts: () => models?.saying ?? '' });
    const brain = passingBrain((assistant) => models?.onAnswer(assistant));
    const shared = { clock, ear, brain, voice: sentenceVoice };
    const openai = await startOpenAiSim({ ...shared, withoutMulaw, faults: modelFaults.openai as PlannedFault[] });
    const nova = await startNovaSim({ ...shared, faults: modelFaults.nova });
    models = new CallModels(openai, nova);
    return models;
  }

  open(model: Model, options: VoiceSessionOptions, { clock, log }: { clock: Clock; log: Logger }): VoiceSession {
    const provider =
      model === 'openai'
        ? createOpenAiProvider({
            apiKey: 'sk-simulated',
            baseUrl: this.openai.url,
            model: 'gpt-realtime-2.1',
            voice: 'marin',
            transcriptionModel: 'gpt-transcribe',
            clock,
            log,
          })
        : createNovaProvider({
            region: 'us-east-1',
            modelId: 'amazon.nova-2-sonic-v1:0',
            voice: 'matthew',
            renewAfterMs: RENEWAL.afterMs,
            endpointUrl: this.nova.url,
            credentials: SIMULATED_CREDENTIALS,
            // As in the gateway: a voice of its own for English only.
            speakLine: (text, language) =>
              /^en\b/i.test(language) ? sentenceVoice.speak(text) : Promise.resolve(undefined),
            clock,
            log,
          });
    this.providers.push(provider);
    return provider.open(options);
  }

  async close(): Promise<void> {
    await Promise.all(this.providers.map((provider) => provider.close()));
    await Promise.all([this.openai.close(), this.nova.close()]);
  }
}

/** Returns a provider that opens each session with the services of the caller's own call. */
export function providerOf(
  name: Model,
  modelsOf: (callerNumber: string) => CallModels | undefined,
  services: { clock: Clock; log: Logger },
): VoiceProvider {
  return {
    name,
    renewal: RENEWAL,
    prepare: () => Promise.resolve(),
    open: (options) => {
      const models = modelsOf(options.callerNumber ?? '');
      // The caller has hung up, and the gateway has not been told yet.
      if (models === undefined)
        return refusedSession(options.listener, new TandemError('VOICE_REFUSED', 'The call is over.'));
      return models.open(name, options, services);
    },
    close: () => Promise.resolve(),
  };
}
