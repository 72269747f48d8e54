import { type Clock, systemClock } from '../../base/clock.js';
import { TandemError } from '../../base/errors.js';
import type { Logger } from '../../telemetry/log.js';
import type { LocalAnomaly } from './anomaly.js';
import { logsOwnVoice } from './own-voice-log.js';
import { openSpeechEngine, type SpeechEngine } from '../../speech/engine.js';
import { refusedSession } from '../refused-session.js';
import type { VoiceProvider, VoiceSession, VoiceSessionOptions } from '../session.js';
import { DialogReplier } from './dialog-replier.js';
import { LlmReplier, writeSummary } from './llm.js';
import { LocalSession } from './session.js';

export interface LocalProviderOptions {
  /** See {@link openSpeechEngine}. */
  sttModel: string;
  ttsModel?: string | undefined;
  ttsBaseUrl?: string | undefined;
  /** Base URL of an OpenAI-compatible endpoint. `undefined` if the built-in dialog answers. */
  llmBaseUrl: string | undefined;
  llmModel: string | undefined;
  log: Logger;
  /** What is spoken on many calls, and synthesised at the start therefore: greetings first. */
  lines?: readonly string[];
  /** Called for a fault that a session survives. `callId` identifies the call. */
  onAnomaly?: (kind: LocalAnomaly, callId: string) => void;
  /** Used instead of opening an engine. The provider does not close it. */
  engine?: SpeechEngine;
  clock?: Clock;
}

/** Returns a provider of voice sessions on this machine, without an account. An embedded engine hears and speaks. */
export function createLocalProvider(options: LocalProviderOptions): VoiceProvider {
  return new LocalProvider(options);
}

class LocalProvider implements VoiceProvider {
  readonly name = 'local';
  /** Off, because a local failure is reported at once and noise is answered with silence. */
  readonly answerWithinMs = Number.POSITIVE_INFINITY;
  private readonly options: LocalProviderOptions;
  private readonly sessions = new Set<VoiceSession>();
  private readonly closing = new AbortController();
  private engine: SpeechEngine | undefined;

  constructor(options: LocalProviderOptions) {
    this.options = options;
    this.engine = options.engine;
  }

  async prepare(): Promise<void> {
    const { lines = [], llmBaseUrl, llmModel, log, sttModel, ttsBaseUrl, ttsModel } = this.options;
    if (llmBaseUrl !== undefined && llmModel === undefined) {
      throw new TandemError('CONFIG_INVALID', 'LOCAL_LLM_BASE_URL is set, but LOCAL_LLM_MODEL is not.');
    }
    this.engine ??= await openSpeechEngine({ sttModel, ttsModel, ttsBaseUrl, onOwnVoice: logsOwnVoice(log) });
    await this.engine.keep?.(lines);
    // A first sentence is synthesised now, because it takes longer than all later ones.
    await this.engine.synthesize('Hello.');
  }

  open(options: VoiceSessionOptions): VoiceSession {
    const { engine } = this;
    if (engine === undefined) {
      // Called before `prepare` or after `close`.
      const error = new TandemError('SESSION_CLOSED', 'The local voice provider is not open.');
      return refusedSession(options.listener, error);
    }
    const { llmBaseUrl, llmModel, log, clock = systemClock } = this.options;
    const callLog = log.child({ conversation_id: options.conversationId });
    const onAnomaly = (kind: LocalAnomaly): void => this.options.onAnomaly?.(kind, options.conversationId);
    const session = new LocalSession({
      ...options,
      engine,
      clock,
      createReplier: (history) =>
        llmBaseUrl === undefined
          ? new DialogReplier({ canTransfer: options.tools.some((tool) => tool.name === 'transfer_to_human') })
          : new LlmReplier({
              baseUrl: llmBaseUrl,
              model: llmModel ?? '',
              instructions: options.instructions,
              language: options.language,
              tools: options.tools,
              history,
              clock,
              log: callLog,
              onAnomaly,
            }),
      ...(llmBaseUrl === undefined
        ? {}
        : {
            write: (request) => {
              const signal = AbortSignal.any([request.signal, this.closing.signal]);
              return writeSummary({ baseUrl: llmBaseUrl, model: llmModel ?? '', clock }, { ...request, signal });
            },
          }),
      onAnomaly,
      onClosed: () => this.sessions.delete(session),
    });
    this.sessions.add(session);
    return session;
  }

  async close(): Promise<void> {
    this.closing.abort();
    for (const session of this.sessions) session.close();
    const { engine } = this;
    this.engine = undefined;
    if (engine !== this.options.engine) await engine?.close();
  }
}
