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
import { sentenceVoice } from './voice.js';

export type Model = 'openai' | 'nova';

/** Sessions are renewed under a call much earlier than they would have to be. */
const RENEWAL = { afterMs: 20_000, forceAfterMs: 45_000 };

/** The two model services as one call finds them: its faults are its own, whatever the other calls do. */
export class ModelLine {
  /** What the caller says at present; whichever session listens understands it. */
  saying = '';
  private readonly openai: OpenAiSim;
  private readonly nova: NovaSim;
  private readonly providers: VoiceProvider[] = [];

  private constructor(openai: OpenAiSim, nova: NovaSim) {
    this.openai = openai;
    this.nova = nova;
  }

  static async start({ modelFaults, withoutMulaw }: CallPlan, clock: Clock): Promise<ModelLine> {
    let line: ModelLine | undefined;
    const ear = loudnessEar({ texts: () => line?.saying ?? '' });
    const shared = { clock, ear, voice: sentenceVoice };
    const openai = await startOpenAiSim({ ...shared, withoutMulaw, faults: modelFaults.openai as PlannedFault[] });
    const nova = await startNovaSim({ ...shared, faults: modelFaults.nova });
    line = new ModelLine(openai, nova);
    return line;
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
            speakLine: (text) => sentenceVoice.speak(text),
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

/** A provider whose sessions are with the services of the caller's own call. */
export function providerOf(
  name: Model,
  lineOf: (callerNumber: string) => ModelLine | undefined,
  services: { clock: Clock; log: Logger },
): VoiceProvider {
  return {
    name,
    renewal: RENEWAL,
    prepare: () => Promise.resolve(),
    open: (options) => {
      const line = lineOf(options.callerNumber ?? '');
      // The caller is gone, and the gateway has not been told yet.
      if (line === undefined)
        return refusedSession(options.listener, new TandemError('VOICE_REFUSED', 'The call is over.'));
      return line.open(name, options, services);
    },
    close: () => Promise.resolve(),
  };
}
