import type { Environment } from '../base/environment.js';
import type { NextSteps } from '../call/transfer/failed-dial-policy.js';
import { SHARED_DEFAULTS } from '../handover/shared-settings.js';
import type { TapeConfig } from '../tape/open-recorder.js';
import type { SharedJournal } from '../journal/open-journal.js';
import type { SwitchableTrigger } from '../escalation/escalation.js';
import type { TraceSettings } from '../telemetry/span-sender.js';
import type { TurnDetection } from '../voice/openai/session-settings.js';
import { isLoopback, withoutPort } from './addresses.js';
import { type CallContextConfig, type CallEventsConfig, callContextOf, callEventsOf } from './hooks.js';
import { type OutboundConfig, outboundOf } from './outbound.js';
import { readVariables } from './read-variables.js';
import { checkTogether } from './rules.js';
import { tapesOf } from './tapes.js';
import { type EmfConfig, emfOf, tracesOf } from './telemetry.js';
import type { Values } from './variables.js';
import { warningsOf } from './warnings.js';

/** The gateway's configuration, read from its environment once. */
export interface Config {
  port: number;
  host: string;
  /** `undefined`: `localhost:<port>`, which is known once the gateway listens. */
  publicHost: string | undefined;
  streamHost: string | undefined;
  /** How long an idle HTTP connection stays open. */
  keepAliveMs: number;
  /** `undefined`: /metrics is on the main port. */
  metricsPort: number | undefined;
  logLevel: string;
  pipeline: boolean;
  /** Whether the operator has said that unsigned webhooks are accepted on a public address. */
  allowsUnsigned: boolean;
  /** Names of providers by preference: VOICE_PROVIDER, then VOICE_FALLBACK. Start fails if a name belongs to no provider. */
  voiceProviders: readonly [string, ...string[]];
  /** Modules to load, as they stand in EXTENSIONS. */
  extensions: readonly string[];
  /** The file that MCP_SERVERS names. `undefined`: there are none. */
  mcpServersFile: string | undefined;
  /** Silence after which a caller is asked whether they are still there. 0 disables this. */
  idleMs: number;
  /** Empty if no key asks for a human. */
  humanDigit: string;
  escalation: {
    triggers: readonly SwitchableTrigger[];
    silenceEndsWith: 'goodbye' | 'human';
    /** `undefined`: only the built-in phrases. */
    phrasesFile: string | undefined;
  };
  /** A name, or the path of a file that is read at start. */
  assistantPrompt: string;
  /** `undefined`: all numbers are answered alike. */
  assistantsFile: string | undefined;
  /** 0: no limit. */
  maxConcurrentCalls: number;
  /** By provider. A provider that is absent has no limit. */
  maxSessions: Readonly<Record<string, number>>;
  /** 0: no limit. */
  maxCallMs: number;
  /** 0: no limit. */
  maxUnansweredTurns: number;
  /** Maximum event-loop delay; above it no new calls are taken. 0 disables the check. */
  maxLoopDelayMs: number;
  /** Maximum time the event loop may stand still; then the process ends itself. 0 disables the check. */
  maxStallMs: number;
  drainSeconds: number;
  twilio: {
    accountSid: string | undefined;
    /** Tokens whose signature is accepted. Empty if webhooks are not signed. */
    authTokens: readonly string[];
    /** Keys of webhook rules whose signature is accepted, too. */
    sharedKeys: readonly string[];
    phoneNumber: string | undefined;
  };
  openai: {
    apiKey: string | undefined;
    baseUrl: string;
    model: string;
    voice: string;
    transcriptionModel: string;
    organization: string | undefined;
    project: string | undefined;
    turnDetection: TurnDetection;
    renewAfterMs: number;
  };
  /** The account is that of `openai`. */
  openaiLive: { model: string; backendModel: string; voice: string; renewAfterMs: number };
  nova: {
    region: string;
    modelId: string;
    voice: string;
    /** `undefined`: the service's own. */
    endpointing: 'LOW' | 'MEDIUM' | 'HIGH' | undefined;
    /** `undefined`: one that suits the region. */
    summaryModelId: string | undefined;
    renewAfterMs: number;
    /** `undefined`: the AWS SDK's default. */
    endpointUrl: string | undefined;
  };
  local: {
    sttModel: string;
    ttsModel: string | undefined;
    ttsBaseUrl: string | undefined;
    llmBaseUrl: string | undefined;
    llmModel: string | undefined;
  };
  handover: {
    tableName: string;
    /** Local mode: the table is created on start and, without `endpointUrl`, the store runs in this process. */
    embedded: boolean;
    endpointUrl: string | undefined;
    region: string;
    ttlSeconds: number;
    /** BCP 47 tag of the language that agents read and hear. */
    summaryLanguage: string;
    /** Who is told of a call before it is joined. */
    briefing: 'off' | 'connect' | 'phone';
    /** Whether a handover can be found by the caller's number. */
    callerMatch: boolean;
    /** `undefined` only in local mode. */
    pepper: string | undefined;
    /** `undefined`: no human can be reached. */
    connectPhoneNumber: string | undefined;
    queueArn: string | undefined;
    /** By reason. */
    queueArns: Readonly<Record<string, string>>;
  };
  dial: {
    /** How Twilio is told to dial. */
    by: 'twiml' | 'rest';
    /** Base URL of Twilio's REST API. */
    restUrl: string;
    nextSteps: NextSteps;
    checkAvailability: 'off' | 'staffed' | 'available';
    instanceId: string | undefined;
    connectEndpointUrl: string | undefined;
  };
  /** `undefined`: handovers are not written to HubSpot. */
  hubspot: { baseUrl: string; accessToken: string; apiVersion: string; pipeline: string; stage: string } | undefined;
  callContext: CallContextConfig;
  callEvents: CallEventsConfig;
  recording: {
    /** Of numbers whose assistant does not say otherwise. */
    mode: Values['CALL_RECORDING'];
    atHandover: 'stop' | 'continue';
    pauseBehavior: 'silence' | 'skip';
    onFailure: 'continue' | 'say';
  };
  /** Whether the model hears the caller while a secret is collected. */
  passesSecretAudio: boolean;
  /** `undefined`: the gateway makes no calls. */
  outbound: OutboundConfig | undefined;
  /** Whether no caller can be real: nothing proves that a request is Twilio's, and only this machine can ask. */
  isCarrierSimulated: boolean;
  console: {
    /** `undefined`: only this machine may ask, and needs no token. */
    token: string | undefined;
    /** Whether words and whole telephone numbers may be shown. */
    showsTranscripts: boolean;
    /** Host names besides the public one under which it may be asked. */
    hosts: readonly string[];
  };
  /** `undefined`: calls are kept in memory, and no other instance can resume them. */
  journal: SharedJournal | undefined;
  /** `undefined`: calls are not traced. */
  traces: TraceSettings | undefined;
  /** Metrics for CloudWatch. `undefined`: none are written. */
  emf: EmfConfig | undefined;
  /** `undefined`: calls are not recorded. */
  tapes: TapeConfig | undefined;
  /** What the operator should know at start, one sentence each. */
  warnings: readonly string[];
}

/** The number that local mode dials: Connect, as simulated by this project. */
export const LOCAL_MODE_NUMBER = '+12065550100';

/**
 * Reads the environment. An empty value counts as unset.
 * @throws TandemError CONFIG_INVALID that names the first variable that is wrong. It never shows the value of a secret.
 */
export function readConfig(env: Environment): Config {
  const values = readVariables(env);
  const signed = (values.TWILIO_AUTH_TOKEN?.length ?? 0) > 0;
  const host = values.HOST ?? (signed ? '0.0.0.0' : '127.0.0.1');
  // Real callers are never left to a guess, and AWS credentials in a shell say nothing about this gateway.
  const embedded = values.USE_LOCAL_DYNAMODB ?? (!signed && values.DYNAMODB_TABLE_NAME === undefined);
  checkTogether(values, { env, signed, host, embedded });

  const voiceProvider = values.VOICE_PROVIDER;
  const fallbacks = values.VOICE_FALLBACK ?? [];
  // Only this machine can place calls, so that no caller is real.
  const isCarrierSimulated = !signed && isLoopback(host) && isLoopback(withoutPort(values.PUBLIC_HOST ?? host));
  return {
    port: values.PORT,
    host,
    publicHost: values.PUBLIC_HOST,
    streamHost: values.STREAM_HOST,
    keepAliveMs: values.KEEP_ALIVE_SECONDS * 1000,
    metricsPort: values.METRICS_PORT,
    logLevel: values.LOG_LEVEL,
    pipeline: values.USE_PIPECAT,
    allowsUnsigned: values.ALLOW_UNSIGNED_WEBHOOKS,
    voiceProviders: [voiceProvider, ...new Set(fallbacks.filter((name) => name !== voiceProvider))],
    extensions: values.EXTENSIONS ?? [],
    mcpServersFile: values.MCP_SERVERS,
    idleMs: values.IDLE_PROMPT_SECONDS * 1000,
    humanDigit: values.HUMAN_KEY === 'none' ? '' : values.HUMAN_KEY,
    escalation: {
      triggers: values.ESCALATION_TRIGGERS,
      silenceEndsWith: values.SILENCE_ENDS_WITH,
      phrasesFile: values.ESCALATION_PHRASES,
    },
    assistantPrompt: values.ASSISTANT_PROMPT,
    assistantsFile: values.ASSISTANTS_FILE,
    maxConcurrentCalls: values.MAX_CONCURRENT_CALLS,
    maxSessions: values.MAX_VOICE_SESSIONS ?? {},
    maxCallMs: values.MAX_CALL_SECONDS * 1000,
    maxUnansweredTurns: values.MAX_UNANSWERED_TURNS,
    maxLoopDelayMs: values.MAX_LOOP_DELAY_MS,
    maxStallMs: values.MAX_STALL_SECONDS * 1000,
    drainSeconds: values.DRAIN_SECONDS,
    twilio: {
      accountSid: values.TWILIO_ACCOUNT_SID,
      authTokens: values.TWILIO_AUTH_TOKEN ?? [],
      sharedKeys: values.TWILIO_WEBHOOK_SHARED_KEYS ?? [],
      phoneNumber: values.TWILIO_PHONE_NUMBER,
    },
    openai: {
      apiKey: values.OPENAI_API_KEY,
      baseUrl: values.OPENAI_BASE_URL,
      model: values.OPENAI_REALTIME_MODEL,
      voice: values.OPENAI_VOICE,
      transcriptionModel: values.OPENAI_TRANSCRIPTION_MODEL,
      organization: values.OPENAI_ORGANIZATION,
      project: values.OPENAI_PROJECT,
      turnDetection:
        values.OPENAI_TURN_DETECTION === 'semantic_vad'
          ? { type: 'semantic_vad', eagerness: values.OPENAI_VAD_EAGERNESS }
          : {
              type: 'server_vad',
              threshold: values.OPENAI_VAD_THRESHOLD,
              silenceDurationMs: values.OPENAI_VAD_SILENCE_MS,
            },
      renewAfterMs: values.OPENAI_RENEW_AFTER_SECONDS * 1000,
    },
    openaiLive: {
      model: values.OPENAI_LIVE_MODEL,
      backendModel: values.OPENAI_LIVE_BACKEND_MODEL,
      voice: values.OPENAI_LIVE_VOICE,
      renewAfterMs: values.OPENAI_LIVE_RENEW_AFTER_SECONDS * 1000,
    },
    nova: {
      region: values.NOVA_REGION,
      modelId: values.NOVA_MODEL_ID,
      voice: values.NOVA_VOICE,
      endpointing: values.NOVA_ENDPOINTING,
      summaryModelId: values.NOVA_SUMMARY_MODEL_ID,
      renewAfterMs: values.NOVA_RENEW_AFTER_SECONDS * 1000,
      endpointUrl: values.AWS_ENDPOINT_URL_BEDROCK_RUNTIME,
    },
    local: {
      sttModel: values.LOCAL_STT_MODEL,
      ttsModel: values.LOCAL_TTS_MODEL,
      ttsBaseUrl: values.LOCAL_TTS_BASE_URL,
      llmBaseUrl: values.LOCAL_LLM_BASE_URL,
      llmModel: values.LOCAL_LLM_MODEL,
    },
    handover: {
      tableName: values.DYNAMODB_TABLE_NAME ?? SHARED_DEFAULTS.DYNAMODB_TABLE_NAME,
      embedded,
      endpointUrl: values.DYNAMODB_ENDPOINT_URL,
      region: values.AWS_REGION,
      ttlSeconds: values.HANDOVER_TTL_SECONDS,
      summaryLanguage: values.HANDOVER_SUMMARY_LANGUAGE,
      briefing: values.HANDOVER_BRIEFING,
      callerMatch: values.HANDOVER_CALLER_MATCH,
      pepper: values.HANDOVER_TOKEN_PEPPER,
      connectPhoneNumber: values.CONNECT_PHONE_NUMBER ?? (embedded ? LOCAL_MODE_NUMBER : undefined),
      queueArn: values.CONNECT_QUEUE_ARN,
      queueArns: values.CONNECT_QUEUE_ARNS ?? {},
    },
    dial: {
      by: values.HANDOVER_MODE,
      restUrl: values.TWILIO_API_URL,
      nextSteps: values.AFTER_FAILED_DIAL,
      checkAvailability: values.CONNECT_CHECK_AVAILABILITY,
      instanceId: values.CONNECT_INSTANCE_ID,
      connectEndpointUrl: values.AWS_ENDPOINT_URL_CONNECT,
    },
    hubspot: hubspotOf(values),
    callContext: callContextOf(values),
    callEvents: callEventsOf(values),
    recording: {
      mode: values.CALL_RECORDING,
      atHandover: values.CALL_RECORDING_AT_HANDOVER,
      pauseBehavior: values.CALL_RECORDING_PAUSE,
      onFailure: values.CALL_RECORDING_FAILURE,
    },
    passesSecretAudio: values.SECRET_AUDIO === 'pass',
    outbound: outboundOf(values),
    isCarrierSimulated,
    console: {
      token: values.CONSOLE_TOKEN,
      showsTranscripts: values.CONSOLE_TRANSCRIPTS ?? isCarrierSimulated,
      hosts: values.CONSOLE_HOSTS ?? [],
    },
    journal: journalOf(values),
    traces: tracesOf(values),
    emf: emfOf(values),
    tapes: tapesOf(env, values),
    warnings: warningsOf(values, { env, signed, host, embedded }),
  };
}

function journalOf({ JOURNAL_KEY: keys, REDIS_URL: redis }: Values): Config['journal'] {
  return redis === undefined || keys === undefined ? undefined : { redis, keys };
}

function hubspotOf(values: Values): Config['hubspot'] {
  const accessToken = values.HUBSPOT_ACCESS_TOKEN;
  if (!values.ENABLE_HUBSPOT || accessToken === undefined) return undefined;
  return {
    accessToken,
    baseUrl: values.HUBSPOT_BASE_URL,
    apiVersion: values.HUBSPOT_API_VERSION,
    pipeline: values.HUBSPOT_TICKET_PIPELINE,
    stage: values.HUBSPOT_TICKET_STAGE,
  };
}
