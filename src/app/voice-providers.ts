import { type Clock, systemClock } from '../base/clock.js';
import type { Config } from '../config/config.js';
import { isTandemError, TandemError } from '../base/errors.js';
import { type Extensions, createExtensionProvider } from './extensions.js';
import type { Logger } from '../telemetry/log.js';
import { FirstOfKind } from '../telemetry/first-of-kind.js';
import type { Metrics } from '../telemetry/metrics.js';
import type { AssistantLines } from '../prompts/assistant-prompt.js';
import type { Assistants } from '../prompts/assistants.js';
import { type LineSpeaker, type SpeechEngine, openLineSpeaker } from '../speech/engine.js';
import { type CallVoice, ContinuousProvider } from '../voice/continuity/provider.js';
import { logsOwnVoice } from '../voice/local/own-voice-log.js';
import { createLocalProvider } from '../voice/local/provider.js';
import { createNovaProvider } from '../voice/nova/provider.js';
import { createOpenAiLiveProvider } from '../voice/openai-live/provider.js';
import { createOpenAiProvider } from '../voice/openai/provider.js';
import { FencedProvider } from '../voice/fenced-provider.js';
import type { FenceReport } from '../voice/fenced-session.js';
import { SessionQuota } from '../voice/session-quota.js';
import type { LineSynthesis, VoiceProvider } from '../voice/session.js';
import type { TapeRecorder } from '../tape/recorder.js';

export interface VoiceOptions {
  config: Config;
  log: Logger;
  metrics: Metrics;
  assistants: Assistants;
  extensions: Extensions;
  env: Readonly<Record<string, string | undefined>>;
  clock?: Clock;
  /** Recogniser and synthesiser for the local provider. The caller of {@link createVoice} closes it. */
  engine?: SpeechEngine;
  /** Maximum time until a provider is prepared. */
  prepareLimitMs?: number;
  /** Records the calls, or replays one. `undefined`: neither. */
  recorder?: Pick<TapeRecorder, 'novaClient' | 'openSocket' | 'provider' | 'speaker'> | undefined;
  /** Stands between each provider and the gateway. By default nothing does. */
  wrap?: (provider: VoiceProvider) => VoiceProvider;
  /** Replace the configured providers. */
  providers?: readonly [VoiceProvider, ...VoiceProvider[]];
}

/** The lines that a stream carries. Twilio says the others, which come before or after it. */
const SPOKEN_LINES = [
  'oneMoment',
  'takenOver',
  'handover',
  'assistantFailed',
  'stillThere',
  'stillThereAgain',
  'silentGoodbye',
  'resumed',
  'nobodyFree',
  'stopping',
] as const satisfies readonly (keyof AssistantLines)[];

/**
 * Creates the voice of a gateway. It puts the configured providers behind one that continues a call when a session or a
 * whole provider is lost.
 * @throws TandemError CONFIG_INVALID that names a provider that does not exist
 */
export async function createVoice(options: VoiceOptions): Promise<CallVoice> {
  const { assistants, clock = systemClock, config, log, metrics, recorder, wrap = (provider) => provider } = options;
  let speaker: LineSpeaker | undefined;
  const hasOwnVoice = config.local.ttsModel !== undefined || config.local.ttsBaseUrl !== undefined;
  // The embedded voices are English. In another language silence is better, and Twilio says the necessary lines. A voice of
  // the operator's own is taken to speak the languages of the assistants.
  const speakLine: LineSynthesis = async (text, language) =>
    hasOwnVoice || /^en\b/i.test(language) ? speaker?.speak(text, language) : undefined;
  const first = new FirstOfKind();
  const fenced = (provider: VoiceProvider): VoiceProvider => {
    const { name } = provider;
    const report: FenceReport = {
      onFault: (kind, callId, error) => {
        metrics.providerAnomalies.inc({ provider: name, kind });
        if (!first.isFirst(callId, `${name} ${kind}`)) return;
        log.error(
          { err: error, provider: name, kind, conversation_id: callId === '' ? undefined : callId },
          'a voice provider broke its contract; further faults of this kind in this call are only counted',
        );
      },
      onListenerFault: (error, callId) => {
        metrics.processorErrors.inc({ processor: 'session' });
        if (first.isFirst(callId, 'session')) {
          log.error({ err: error, conversation_id: callId }, 'an event of a voice session caused an error and is lost');
        }
      },
    };
    return new FencedProvider(wrap(provider), report, options.prepareLimitMs);
  };
  const create = (name: string): VoiceProvider => {
    const provider = fenced(createProvider(name, { ...options, clock, speakLine, first }));
    const maxSessions = config.maxSessions[name] ?? 0;
    return maxSessions === 0 ? provider : new SessionQuota(provider, maxSessions);
  };
  const [preferred, ...fallbacks] = config.voiceProviders;
  const onRequest = assistants.providers.filter((name) => !config.voiceProviders.includes(name));
  const answering = options.providers?.map(({ name }) => name) ?? [...config.voiceProviders, ...onRequest];
  metrics.startProviders(answering);
  const voice = new ContinuousProvider({
    providers:
      options.providers === undefined
        ? [create(preferred), ...fallbacks.map(create)]
        : fencedAll(options.providers, (provider) =>
            fenced(recorder?.provider(provider.name, () => provider) ?? provider),
          ),
    onRequest: options.providers === undefined ? onRequest.map(create) : [],
    clock,
    lines: assistants.otherwise.prompt.lines,
    speakLine,
    report: {
      onLost: (provider, error, conversationId) => {
        metrics.connectionFailures.inc({ provider });
        log.warn({ err: error, provider, conversation_id: conversationId }, 'a voice session was lost');
      },
      onRenewed: (provider) => metrics.renewals.inc({ provider }),
      onFailover: (from, to, conversationId) => {
        metrics.failovers.inc({ from, to });
        const fields = { from_provider: from, to_provider: to, conversation_id: conversationId };
        log.warn(fields, 'another provider takes the call over');
      },
    },
  });
  // Opened last, so that nothing is left open if a provider does not exist.
  speaker = await (recorder?.speaker(() => openSpeaker(options)) ?? openSpeaker(options));
  return speaker === undefined ? voice : withSpeaker(voice, speaker, spokenLines(assistants));
}

/** Returns what the gateway itself speaks on a call, with the greetings first. The embedded voice speaks English only. */
function spokenLines({ all }: Assistants): string[] {
  const prompts = all.map(({ prompt }) => prompt).filter(({ language }) => /^en\b/i.test(language));
  return [
    ...prompts.map(({ greeting }) => greeting),
    ...prompts.flatMap(({ lines }) => SPOKEN_LINES.map((name) => lines[name])),
  ];
}

function fencedAll(
  [preferred, ...others]: readonly [VoiceProvider, ...VoiceProvider[]],
  fenced: (provider: VoiceProvider) => VoiceProvider,
): [VoiceProvider, ...VoiceProvider[]] {
  return [fenced(preferred), ...others.map(fenced)];
}

function createProvider(
  name: string,
  options: VoiceOptions & { clock: Clock; speakLine: LineSynthesis; first: FirstOfKind },
): VoiceProvider {
  const { assistants, clock, config, engine, env, extensions, first, log, metrics, recorder, speakLine } = options;
  const withoutWire = (create: () => VoiceProvider): VoiceProvider => recorder?.provider(name, create) ?? create();
  const onAnomaly = (kind: string, callId: string, error?: unknown): void => {
    metrics.providerAnomalies.inc({ provider: name, kind });
    if (!first.isFirst(callId, `${name} ${kind}`)) return;
    log.warn(
      { err: error, provider: name, kind, conversation_id: callId },
      'the model did something odd; further faults of this kind in this call are only counted',
    );
  };
  const { endpointing, endpointUrl, summaryModelId, ...nova } = config.nova;
  const own = extensions.providers.get(name);
  if (own !== undefined) return withoutWire(() => createExtensionProvider(name, own, { log, clock, env }));
  switch (name) {
    case 'openai':
      return createOpenAiProvider({
        ...config.openai,
        safetyKey: config.handover.pepper,
        openSocket: recorder?.openSocket,
        log,
        clock,
        onAnomaly,
      });
    case 'openai-live': {
      const { apiKey, baseUrl, organization, project } = config.openai;
      return withoutWire(() =>
        createOpenAiLiveProvider({
          ...config.openaiLive,
          apiKey,
          baseUrl,
          organization,
          project,
          safetyKey: config.handover.pepper,
          log,
          clock,
          speakLine,
          onAnomaly,
        }),
      );
    }
    case 'nova':
      return createNovaProvider({
        ...nova,
        ...(endpointUrl === undefined ? {} : { endpointUrl }),
        ...(recorder === undefined ? {} : { client: (own) => recorder.novaClient(own) }),
        endpointingSensitivity: endpointing,
        ...(summaryModelId === undefined ? {} : { summaryModelId }),
        log,
        clock,
        speakLine,
        onAnomaly,
      });
    case 'local':
      return withoutWire(() =>
        createLocalProvider({
          ...config.local,
          log,
          clock,
          lines: spokenLines(assistants),
          onAnomaly,
          ...(engine === undefined ? {} : { engine }),
        }),
      );
    default:
      throw new TandemError(
        'CONFIG_INVALID',
        `VOICE_PROVIDER or VOICE_FALLBACK names ${JSON.stringify(name.slice(0, 80))}, which is neither openai, openai-live, nova nor local, and no module in EXTENSIONS provides it.`,
      );
  }
}

/** Opens the synthesiser for lines that no model can speak. `undefined` without the optional packages. */
async function openSpeaker({ assistants, config, engine, log }: VoiceOptions): Promise<LineSpeaker | undefined> {
  // The built-in dialog answers at once, so no caller waits for it. A language model can keep them waiting.
  const isInstant = config.local.llmBaseUrl === undefined;
  if (isInstant && [...config.voiceProviders, ...assistants.providers].every((name) => name === 'local'))
    return undefined;
  if (engine !== undefined)
    return {
      speak: (text, language = 'en') => engine.synthesize(text, { language }),
      keep: async (lines) => engine.keep?.(lines),
      close: () => Promise.resolve(),
    };
  try {
    const { ttsBaseUrl, ttsModel } = config.local;
    return await openLineSpeaker({ ttsModel, ttsBaseUrl, onOwnVoice: logsOwnVoice(log) });
  } catch (error) {
    if (isTandemError(error) && error.code === 'LOCAL_SPEECH_DAMAGED') throw error;
    log.warn({ err: error }, 'no synthesiser is available; callers hear a tone while a model works or is replaced');
    return undefined;
  }
}

function withSpeaker(voice: ContinuousProvider, speaker: LineSpeaker, lines: readonly string[]): CallVoice {
  return {
    name: voice.name,
    isFullFor: (names) => voice.isFullFor(names),
    prepare: async () => {
      await voice.prepare();
      await speaker.keep(lines);
    },
    open: (session) => voice.open(session),
    close: async () => {
      await voice.close();
      await speaker.close();
    },
  };
}
