import { createHash } from 'node:crypto';
import { type Clock, systemClock } from '../../clock.js';
import { TandemError } from '../../errors.js';
import type { Logger } from '../../log.js';
import type { RenewalTimes, VoiceProvider, VoiceSession, VoiceSessionOptions } from '../session.js';
import { refusedSession } from '../refused-session.js';
import type { OpenAiAnomaly } from './anomalies.js';
import { OpenAiSession } from './session.js';
import { DEFAULT_LIMITS, type SessionLimits } from './session-limits.js';
import { DEFAULT_TURN_DETECTION, sessionSettings, type TurnDetection } from './session-settings.js';

export interface OpenAiProviderOptions {
  /** `OPENAI_API_KEY`. */
  apiKey: string | undefined;
  /** `OPENAI_BASE_URL`, with its path: `https://api.openai.com/v1`. `http:` gives `ws:`, `https:` gives `wss:`. */
  baseUrl: string;
  model: string;
  voice: string;
  transcriptionModel: string;
  /** When a session is replaced under a live call; the service ends it after 60 minutes. */
  renewAfterMs?: number;
  log: Logger;
  clock?: Clock;
  onAnomaly?: (kind: OpenAiAnomaly) => void;
  openTimeoutMs?: number;
  turnDetection?: Partial<TurnDetection>;
  organization?: string;
  project?: string;
  /** Stands for the end user towards OpenAI; a stable hash, never a number or a name. Without it one of the conversation. */
  safetyIdentifierOf?: (conversationId: string) => string;
  limits?: Partial<SessionLimits>;
}

const RENEW_AFTER_MS = 3_300_000;
/** The service's own limit (OpenAI: Realtime – sessions last 60 minutes at most), unless a session says otherwise. */
const LIFETIME_MS = 3_600_000;
/** So long a pause between turns is waited for. */
const PAUSE_WITHIN_MS = 180_000;
/** Left at the end for opening the next session. */
const MAX_MARGIN_MS = 30_000;

/** Voice sessions with the OpenAI Realtime API. */
export function createOpenAiProvider(options: OpenAiProviderOptions): VoiceProvider {
  return new OpenAiProvider(options);
}

class OpenAiProvider implements VoiceProvider {
  readonly name = 'openai';
  private readonly options: OpenAiProviderOptions;
  private readonly clock: Clock;
  private readonly sessions = new Set<VoiceSession>();
  private lifetimeMs = LIFETIME_MS;

  constructor(options: OpenAiProviderOptions) {
    this.options = options;
    this.clock = options.clock ?? systemClock;
  }

  /** Before the limit that the last session named, should that be another than the documented one. */
  get renewal(): RenewalTimes {
    return renewalTimes(this.options.renewAfterMs ?? RENEW_AFTER_MS, this.lifetimeMs);
  }

  prepare(): Promise<void> {
    const problem = this.problem();
    return problem === undefined ? Promise.resolve() : Promise.reject(problem);
  }

  open(options: VoiceSessionOptions): VoiceSession {
    const problem = this.problem();
    if (problem !== undefined) return refusedSession(options.listener, problem);
    const { log, model, transcriptionModel, turnDetection, voice, openTimeoutMs, limits } = this.options;
    const session = new OpenAiSession({
      ...options,
      url: realtimeUrl(this.options.baseUrl, model),
      headers: this.headers(options.conversationId),
      settings: sessionSettings({
        model,
        voice: options.wish?.voices[this.name] ?? voice,
        transcriptionModel,
        instructions: options.instructions,
        language: options.language,
        tools: options.tools,
        turnDetection: { ...DEFAULT_TURN_DETECTION, ...turnDetection },
      }),
      limits: { ...DEFAULT_LIMITS, ...(openTimeoutMs === undefined ? {} : { openTimeoutMs }), ...limits },
      clock: this.clock,
      log: log.child({ conversation_id: options.conversationId }),
      onAnomaly: this.options.onAnomaly ?? (() => undefined),
      onLifetime: (lifetimeMs) => {
        if (lifetimeMs > 0) this.lifetimeMs = lifetimeMs;
      },
      onClosed: () => this.sessions.delete(session),
    });
    this.sessions.add(session);
    return session;
  }

  close(): Promise<void> {
    for (const session of this.sessions) session.close();
    return Promise.resolve();
  }

  /** What is wrong with the options, so that no session could ever be opened. */
  private problem(): TandemError | undefined {
    const { apiKey = '', baseUrl } = this.options;
    if (apiKey === '') return new TandemError('CONFIG_INVALID', 'OPENAI_API_KEY is not set.');
    // What cannot stand in a header would otherwise be an exception of the HTTP client.
    if (!/^[\x21-\x7e]+$/.test(apiKey)) {
      return new TandemError('CONFIG_INVALID', 'OPENAI_API_KEY holds characters that no key has.');
    }
    if (!URL.canParse(baseUrl) || !/^(https?|wss?):$/.test(new URL(baseUrl).protocol)) {
      return new TandemError('CONFIG_INVALID', 'OPENAI_BASE_URL is not an http or https URL.');
    }
    return undefined;
  }

  private headers(conversationId: string): Record<string, string> {
    const { apiKey = '', organization, project, safetyIdentifierOf = hashOf } = this.options;
    return {
      Authorization: `Bearer ${apiKey}`,
      'OpenAI-Safety-Identifier': safetyIdentifierOf(conversationId),
      ...(organization === undefined ? {} : { 'OpenAI-Organization': organization }),
      ...(project === undefined ? {} : { 'OpenAI-Project': project }),
    };
  }
}

/** `https://host/v1` → `wss://host/v1/realtime?model=…`. */
export function realtimeUrl(baseUrl: string, model: string): string {
  const url = new URL(baseUrl);
  url.protocol = url.protocol.replace(/^http/, 'ws');
  url.pathname = `${url.pathname.replace(/\/+$/, '')}/realtime`;
  url.searchParams.set('model', model);
  url.hash = '';
  return url.href;
}

/** Renewal in good time before a session of `lifetimeMs` ends, and not before `renewAfterMs` if there is time. */
export function renewalTimes(renewAfterMs: number, lifetimeMs: number): RenewalTimes {
  const latestMs = lifetimeMs - Math.min(MAX_MARGIN_MS, lifetimeMs / 20);
  const afterMs = Math.min(renewAfterMs, (lifetimeMs * 11) / 12);
  return { afterMs, forceAfterMs: Math.max(afterMs, Math.min(afterMs + PAUSE_WITHIN_MS, latestMs)) };
}

function hashOf(conversationId: string): string {
  return createHash('sha256').update(conversationId).digest('hex').slice(0, 32);
}
