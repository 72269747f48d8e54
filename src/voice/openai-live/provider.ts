import { SILENCE_BUDGET } from '../../base/silence-budget.js';
import { type Clock, systemClock } from '../../base/clock.js';
import type { Logger } from '../../telemetry/log.js';
import { type OpenAiAccount, accountHeaders, accountProblem, socketUrl } from '../openai/account.js';
import { Lifetime } from '../openai/lifetime.js';
import { DEFAULT_LIMITS, type SessionLimits } from '../openai/session-limits.js';
import { refusedSession } from '../refused-session.js';
import type { LineSynthesis, RenewalTimes, VoiceProvider, VoiceSession, VoiceSessionOptions } from '../session.js';
import type { LiveAnomaly } from './anomalies.js';
import { LiveSession } from './session.js';
import { liveSettings } from './session-settings.js';
import { writtenSummary } from './written-summary.js';

export interface OpenAiLiveProviderOptions extends OpenAiAccount {
  model: string;
  /** The model of the Responses API that thinks and calls the tools. It writes the summary, too. */
  backendModel: string;
  voice: string;
  /** Age at which a session is replaced in the next pause, in milliseconds. */
  renewAfterMs: number;
  log: Logger;
  clock?: Clock;
  /** Speaks lines word for word, because the model cannot. Without it `say` fails at once. */
  speakLine?: LineSynthesis | undefined;
  /** `error`: what was thrown, if anything was. */
  onAnomaly?: (kind: LiveAnomaly, conversationId: string, error?: unknown) => void;
  limits?: Partial<SessionLimits>;
}

/** The service's limit at launch, unless a session names another one. */
const LIFETIME_MS = 7_200_000;
/** Maximum caller audio buffered until the session takes it. The model hears it in real time, so more would cost the caller more. */
const HELD_AUDIO_MS = 5000;

/** Returns a provider of sessions with OpenAI's GPT-Live. */
export function createOpenAiLiveProvider(options: OpenAiLiveProviderOptions): VoiceProvider {
  return new OpenAiLiveProvider(options);
}

class OpenAiLiveProvider implements VoiceProvider {
  readonly name = 'openai-live';
  readonly answerWithinMs = SILENCE_BUDGET.liveAnswerMs;
  private readonly options: OpenAiLiveProviderOptions;
  private readonly clock: Clock;
  private readonly sessions = new Set<LiveSession>();
  private readonly closing = new AbortController();
  private readonly lifetime: Lifetime;

  constructor(options: OpenAiLiveProviderOptions) {
    this.options = options;
    this.clock = options.clock ?? systemClock;
    this.lifetime = new Lifetime(options.renewAfterMs, LIFETIME_MS);
  }

  get renewal(): RenewalTimes {
    return this.lifetime.renewal;
  }

  prepare(): Promise<void> {
    const problem = accountProblem(this.options);
    return problem === undefined ? Promise.resolve() : Promise.reject(problem);
  }

  open(options: VoiceSessionOptions): VoiceSession {
    const problem = accountProblem(this.options);
    if (problem !== undefined) return refusedSession(options.listener, problem);
    const { backendModel, baseUrl, limits, log, model, speakLine, voice } = this.options;
    const { conversation, conversationId, instructions, language, tools } = options;
    const headers = accountHeaders(this.options, options);
    const session = new LiveSession({
      ...options,
      url: socketUrl(baseUrl, 'live/sessions').href,
      headers,
      settings: liveSettings({
        model,
        backendModel,
        voice: options.wish?.voices[this.name] ?? voice,
        instructions,
        tools,
        turns: conversation.turns,
      }),
      limits: { ...DEFAULT_LIMITS, heldAudioMs: HELD_AUDIO_MS, ...limits },
      clock: this.clock,
      log: log.child({ conversation_id: conversationId }),
      speakLine: speakLine === undefined ? undefined : (text) => speakLine(text, language),
      write: (request) => {
        const signal = AbortSignal.any([request.signal, this.closing.signal]);
        return writtenSummary({ baseUrl, headers, model: backendModel }, { ...request, signal });
      },
      onAnomaly: (kind, error) => this.options.onAnomaly?.(kind, conversationId, error),
      onLifetime: (lifetimeMs) => this.lifetime.named(lifetimeMs),
      onClosed: () => this.sessions.delete(session),
    });
    this.sessions.add(session);
    return session;
  }

  close(): Promise<void> {
    this.closing.abort();
    for (const session of this.sessions) session.end();
    return Promise.resolve();
  }
}
