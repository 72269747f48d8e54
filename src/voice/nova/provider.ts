import { SILENCE_BUDGET } from '../../base/silence-budget.js';
import '../../process/aws-node-version.js';
import { BedrockRuntimeClient, type BedrockRuntimeClientConfig } from '@aws-sdk/client-bedrock-runtime';
import { type Clock, systemClock } from '../../base/clock.js';
import { TandemError } from '../../base/errors.js';
import { taped } from '../../base/taped.js';
import type { Logger } from '../../telemetry/log.js';
import { PerCall } from '../per-call.js';
import type { LineSynthesis, RenewalTimes, VoiceProvider, VoiceSession, VoiceSessionOptions } from '../session.js';
import { TranscriptionWatch } from '../transcription-watch.js';
import type { NovaAnomaly } from './anomaly.js';
import { converse, summaryModelFor } from './converse.js';
import { novaError } from './failure.js';
import type { EndpointingSensitivity } from './input-events.js';
import { PeerSigns } from './peer-signs.js';
import { NovaSession } from './session.js';

export interface NovaProviderOptions {
  /** AWS region of the model. It has a setting of its own, apart from the region of everything else. */
  region: string;
  modelId: string;
  voice: string;
  /** The text model that writes summaries. Default: see {@link summaryModelFor}. */
  summaryModelId?: string;
  /** Age at which a session is replaced in the next pause, in milliseconds. The service ends it after eight minutes. */
  renewAfterMs: number;
  log: Logger;
  clock?: Clock;
  /** Speaks lines word for word, because the model cannot. Without it `say` fails at once. */
  speakLine?: LineSynthesis;
  /** `error`: what was thrown, if anything was. */
  onAnomaly?: (kind: NovaAnomaly, conversationId: string, error?: unknown) => void;
  /** Maximum time until the service accepts the request; then the session fails. */
  openTimeoutMs?: number;
  /** Default: the service in `region`, or AWS_ENDPOINT_URL_BEDROCK_RUNTIME. `http:` means HTTP/2 without TLS. */
  endpointUrl?: string;
  /** Default: the credentials that the AWS SDK finds. */
  credentials?: NonNullable<BedrockRuntimeClientConfig['credentials']>;
  /** Stands between the provider and its client. `own` creates the one that reaches the service. */
  client?: (own: () => BedrockRuntimeClient) => BedrockRuntimeClient;
  /** Default: the service's. */
  endpointingSensitivity?: EndpointingSensitivity | undefined;
  /** Length of caller audio in one event, in milliseconds. Default 40. */
  mergeMs?: number;
}

/** Regions with the model as of November 2026. */
export const KNOWN_REGIONS: readonly string[] = ['us-east-1', 'us-west-2', 'eu-north-1', 'ap-northeast-1'];
/** The first Nova Sonic, which AWS ended on 2026-09-14. */
const RETIRED_MODEL = 'amazon.nova-sonic-v1:0';
/** Forty seconds before the service ends the session. */
const FORCE_RENEWAL_AFTER_MS = 440_000;
/** How long before the end of its credentials a session is renewed in the next pause, and without one. */
const CREDENTIALS_LEFT_MS = 120_000;
const FORCED_CREDENTIALS_LEFT_MS = 30_000;
/** Minimum age of a session that is renewed for its credentials, because the next one may get the same again. */
const MIN_RENEWAL_MS = 60_000;
/** Maximum time without traffic. A connection that exceeds it is dead, because caller audio or silence always flows. */
const IDLE_CONNECTION_MS = 60_000;
const MERGE_MS = 40;
const nothing = (): void => undefined;
const SILENT: NonNullable<BedrockRuntimeClientConfig['logger']> = {
  trace: nothing,
  debug: nothing,
  info: nothing,
  warn: nothing,
  error: nothing,
};

/** Returns a provider of sessions with Amazon Nova Sonic on Bedrock. */
export function createNovaProvider(options: NovaProviderOptions): VoiceProvider {
  return new NovaProvider(options);
}

class NovaProvider implements VoiceProvider {
  readonly name = 'nova';
  private readonly options: NovaProviderOptions;
  private readonly clock: Clock;
  private readonly client: BedrockRuntimeClient;
  private readonly peers = new PeerSigns();
  private readonly transcriptionWatches = new PerCall(() => new TranscriptionWatch());
  /** The open sessions. Each promise resolves when its session has released everything. */
  private readonly sessions = new Map<VoiceSession, Promise<void>>();
  private readonly closing = new AbortController();
  /** When the credentials end that the SDK found last, by the wall clock. `undefined` if they do not, or before. */
  private credentialsEndMs: number | undefined;

  constructor(options: NovaProviderOptions) {
    this.options = options;
    this.clock = options.clock ?? systemClock;
    const { createConnection } = this.peers;
    const own = (): BedrockRuntimeClient =>
      new BedrockRuntimeClient({
        ...clientConfig(options),
        requestHandler: { ...CONNECTION_TIMES, nodeHttp2ConnectOptions: { createConnection } },
      });
    this.client = options.client?.(own) ?? own();
  }

  /**
   * The time of a session that starts now. The service checks the credentials of a session while it runs, so it makes
   * way for another before they end. An end in the past is not believed, because the clock may be wrong.
   */
  get renewal(): RenewalTimes {
    return taped('renewal nova', () => this.renewalNow());
  }

  private renewalNow(): RenewalTimes {
    const { renewAfterMs } = this.options;
    const times = { afterMs: renewAfterMs, forceAfterMs: Math.max(renewAfterMs, FORCE_RENEWAL_AFTER_MS) };
    const leftMs = (this.credentialsEndMs ?? Number.POSITIVE_INFINITY) - this.clock.epochMs();
    if (leftMs <= 0) return times;
    const before = (marginMs: number): number => Math.max(MIN_RENEWAL_MS, leftMs - marginMs);
    return {
      afterMs: Math.min(times.afterMs, before(CREDENTIALS_LEFT_MS)),
      forceAfterMs: Math.min(times.forceAfterMs, before(FORCED_CREDENTIALS_LEFT_MS)),
    };
  }

  async prepare(): Promise<void> {
    const { log, modelId, region } = this.options;
    if (modelId === RETIRED_MODEL) {
      throw new TandemError(
        'CONFIG_INVALID',
        `NOVA_MODEL_ID is ${RETIRED_MODEL}, which AWS has ended. Set it to amazon.nova-2-sonic-v1:0.`,
      );
    }
    if (!KNOWN_REGIONS.includes(region)) {
      log.warn({ region, known_regions: KNOWN_REGIONS }, 'Nova Sonic is not known to be available in this region');
    }
    if (!(await this.findCredentials())) {
      log.warn('AWS credentials were not found in time; the first call has to wait for them');
    }
  }

  open(options: VoiceSessionOptions): VoiceSession {
    const { clock, client } = this;
    const {
      endpointingSensitivity,
      mergeMs = MERGE_MS,
      modelId,
      region,
      summaryModelId = summaryModelFor(region),
      onAnomaly = () => undefined,
      openTimeoutMs = SILENCE_BUDGET.sessionOpenMs,
      speakLine,
      voice,
    } = this.options;
    // The SDK keeps them, and finds new ones in time.
    void this.readCredentials().catch(() => undefined);
    let onGone: () => void = () => undefined;
    const gone = new Promise<void>((resolve) => {
      onGone = resolve;
    });
    const session = new NovaSession({
      ...options,
      client,
      clock,
      endpointingSensitivity,
      mergeMs,
      modelId,
      transcription: this.transcriptionWatches.of(options.conversationId),
      onAnomaly: (kind, error) => onAnomaly(kind, options.conversationId, error),
      onBlind: () => {
        onAnomaly('transcription-blind', options.conversationId);
        this.options.log.warn(
          { conversation_id: options.conversationId },
          'Nova sends no text of what this caller says; only the model can notice that they ask for a human',
        );
      },
      onGone: () => onGone(),
      openTimeoutMs,
      peers: this.peers,
      speakLine: speakLine === undefined ? undefined : (text) => speakLine(text, options.language),
      voice: options.wish?.voices[this.name] ?? voice,
      write: (request) => {
        const signal = AbortSignal.any([request.signal, this.closing.signal]);
        return converse(client, summaryModelId, { ...request, signal });
      },
    });
    this.sessions.set(
      session,
      gone.then(() => void this.sessions.delete(session)),
    );
    return session;
  }

  async close(): Promise<void> {
    this.closing.abort();
    for (const session of this.sessions.keys()) session.close();
    await Promise.all(this.sessions.values());
    this.client.destroy();
  }

  private async readCredentials(): Promise<void> {
    const { expiration } = await this.client.config.credentials();
    this.credentialsEndMs = expiration?.getTime();
  }

  /** Resolves with false if the search takes too long. */
  private async findCredentials(): Promise<boolean> {
    let deadline = { cancel: (): void => undefined };
    const tooLong = new Promise<false>((resolve) => {
      deadline = this.clock.setTimer(SILENCE_BUDGET.awsCredentialsMs, () => resolve(false));
    });
    const found = this.readCredentials().then(() => true);
    try {
      return await Promise.race([found, tooLong]);
    } catch (error) {
      const { code, message } = novaError(error);
      if (code === 'VOICE_REFUSED') throw new TandemError(code, 'There are no AWS credentials for Amazon Nova Sonic.');
      throw new TandemError('VOICE_REFUSED', `AWS credentials could not be read: ${message}`);
    } finally {
      deadline.cancel();
    }
  }
}

const CONNECTION_TIMES = { requestTimeout: IDLE_CONNECTION_MS, sessionTimeout: IDLE_CONNECTION_MS };

/** The settings of every client of the service. */
export function clientConfig(
  options: Pick<NovaProviderOptions, 'credentials' | 'endpointUrl' | 'region'>,
): BedrockRuntimeClientConfig {
  const { credentials, endpointUrl, region } = options;
  return {
    region,
    // Otherwise the SDK would prefer a Bedrock API key in the environment, which does not work for this operation.
    authSchemePreference: ['sigv4'],
    // Otherwise the SDK writes failed requests to the console. The session reports the failure itself.
    logger: SILENT,
    requestHandler: CONNECTION_TIMES,
    ...(endpointUrl === undefined ? {} : { endpoint: endpointUrl }),
    ...(credentials === undefined ? {} : { credentials }),
  };
}
