import { SILENCE_BUDGET } from '../../base/silence-budget.js';
import { type Clock, systemClock } from '../../base/clock.js';
import { taped } from '../../base/taped.js';
import type { Logger } from '../../telemetry/log.js';
import type { RenewalTimes, VoiceProvider, VoiceSession, VoiceSessionOptions } from '../session.js';
import { PerCall } from '../per-call.js';
import { refusedSession } from '../refused-session.js';
import { type OpenAiAccount, accountHeaders, accountProblem, realtimeUrl } from './account.js';
import type { OpenAiAnomaly } from './anomalies.js';
import type { OpenSocket } from './connection.js';
import { Lifetime } from './lifetime.js';
import { OpenAiSession } from './session.js';
import { isTranscription } from './refused-setting.js';
import { wireAudioFormat, type WireFormat } from './audio-format.js';
import { DEFAULT_LIMITS, type SessionLimits } from './session-limits.js';
import {
  DEFAULT_TURN_DETECTION,
  longestWaitMs,
  sessionSettings,
  type TranscriptionLevel,
  type TurnDetection,
} from './session-settings.js';
import { TranscriptionWatch } from '../transcription-watch.js';

export interface OpenAiProviderOptions extends OpenAiAccount {
  model: string;
  voice: string;
  transcriptionModel: string;
  /** Age at which a session is replaced in the next pause, in milliseconds. The service ends it after 60 minutes. */
  renewAfterMs?: number;
  log: Logger;
  clock?: Clock;
  /** `error`: what was thrown, if anything was. */
  onAnomaly?: (kind: OpenAiAnomaly, conversationId: string, error?: unknown) => void;
  openTimeoutMs?: number;
  turnDetection?: TurnDetection;
  limits?: Partial<SessionLimits>;
  /** Opens the WebSocket to the service. Default: a real one. */
  openSocket?: OpenSocket | undefined;
}

const RENEW_AFTER_MS = 3_300_000;
/** The service's limit (OpenAI: Realtime – sessions last 60 minutes at most), unless a session names another one. */
const LIFETIME_MS = 3_600_000;

/** Returns a provider of sessions with the OpenAI Realtime API. */
export function createOpenAiProvider(options: OpenAiProviderOptions): VoiceProvider {
  return new OpenAiProvider(options);
}

class OpenAiProvider implements VoiceProvider {
  readonly name = 'openai';
  readonly answerWithinMs = SILENCE_BUDGET.answerMs;
  private readonly options: OpenAiProviderOptions;
  private readonly clock: Clock;
  private readonly sessions = new Set<OpenAiSession>();
  private readonly lifetime: Lifetime;
  /** Linear PCM once the service has refused mu-law, for all later sessions. */
  private format: WireFormat = 'audio/pcmu';
  /** Whether the service has refused a long description of a tool. */
  private refusesLongDescriptions = false;
  /** What may be asked of the transcription, by the language of the call. Absent if nothing was refused. */
  private readonly transcription = new Map<string, TranscriptionLevel>();
  /** What the sessions of one call have noticed together. */
  private readonly transcriptionWatches = new PerCall(() => new TranscriptionWatch());

  constructor(options: OpenAiProviderOptions) {
    this.options = options;
    this.clock = options.clock ?? systemClock;
    this.lifetime = new Lifetime(options.renewAfterMs ?? RENEW_AFTER_MS, LIFETIME_MS);
  }

  /** Renews before the limit that the last session named, or else before the documented one. */
  get renewal(): RenewalTimes {
    return taped('renewal openai', () => this.lifetime.renewal);
  }

  /** A session that judges by meaning may wait for a caller who sounds unfinished, and says nothing meanwhile. */
  get turnWaitMs(): number {
    const { turnDetection = DEFAULT_TURN_DETECTION } = this.options;
    return longestWaitMs(turnDetection);
  }

  prepare(): Promise<void> {
    const problem = accountProblem(this.options);
    return problem === undefined ? Promise.resolve() : Promise.reject(problem);
  }

  open(options: VoiceSessionOptions): VoiceSession {
    const problem = accountProblem(this.options);
    if (problem !== undefined) return refusedSession(options.listener, problem);
    const { limits, log, model, openTimeoutMs, transcriptionModel, voice } = this.options;
    const { turnDetection = DEFAULT_TURN_DETECTION } = this.options;
    const { hasShortDescriptions, transcription, wire } = taped('openai-learnt', () => ({
      wire: this.format,
      hasShortDescriptions: this.refusesLongDescriptions,
      transcription: this.transcription.get(options.language) ?? ('with-language' as const),
    }));
    const format = wireAudioFormat(wire);
    const session = new OpenAiSession({
      ...options,
      url: realtimeUrl(this.options.baseUrl, model),
      headers: accountHeaders(this.options, options),
      openSocket: this.options.openSocket,
      settings: sessionSettings({
        model,
        voice: options.wish?.voices[this.name] ?? voice,
        transcriptionModel,
        instructions: options.instructions,
        language: options.language,
        tools: options.tools,
        turnDetection,
        transcription,
        hasShortDescriptions,
        format: format.setting,
      }),
      format,
      limits: { ...DEFAULT_LIMITS, ...(openTimeoutMs === undefined ? {} : { openTimeoutMs }), ...limits },
      clock: this.clock,
      log: log.child({ conversation_id: options.conversationId }),
      transcription: this.transcriptionWatches.of(options.conversationId),
      isTranscribed: transcription !== 'off',
      onAnomaly: (kind, error) => this.options.onAnomaly?.(kind, options.conversationId, error),
      onLifetime: (lifetimeMs) => this.lifetime.named(lifetimeMs),
      onFormatRefused: () => this.onFormatRefused(format.type, options.conversationId),
      onSettingRefused: (param) =>
        isTranscription(param)
          ? this.onTranscriptionRefused(transcription, options)
          : this.onDescriptionsRefused(hasShortDescriptions, options),
      onClosed: () => this.sessions.delete(session),
    });
    this.sessions.add(session);
    return session;
  }

  close(): Promise<void> {
    for (const session of this.sessions) session.end();
    return Promise.resolve();
  }

  /** Returns whether there is another format to try. */
  private onFormatRefused(type: WireFormat, conversationId: string): boolean {
    if (type === 'audio/pcm') return false;
    if (this.format !== 'audio/pcm')
      this.options.log.warn(
        { conversation_id: conversationId },
        'OpenAI refused mu-law; audio is converted to linear PCM from now on',
      );
    this.format = 'audio/pcm';
    return true;
  }

  /** Returns whether there is less to ask for. Without transcription the caller is still answered. */
  private onTranscriptionRefused(level: TranscriptionLevel, session: VoiceSessionOptions): boolean {
    const { conversationId, language } = session;
    if (level === 'off') return false;
    const less = level === 'with-language' ? 'without-language' : 'off';
    this.transcription.set(language, less);
    this.options.log.warn(
      { language, setting: 'OPENAI_TRANSCRIPTION_MODEL', conversation_id: conversationId },
      less === 'off'
        ? "OpenAI refused the transcription model; callers' words are not written down from now on"
        : 'OpenAI refused the language of the transcription; it is not sent from now on',
    );
    return true;
  }

  /** Returns whether the descriptions of the tools can be shortened. */
  private onDescriptionsRefused(wereShort: boolean, { conversationId }: VoiceSessionOptions): boolean {
    if (wereShort) return false;
    if (!this.refusesLongDescriptions)
      this.options.log.warn(
        { conversation_id: conversationId },
        'OpenAI refused a long description of a tool; they are shortened from now on',
      );
    this.refusesLongDescriptions = true;
    return true;
  }
}
