import type { NextSteps } from '../call/transfer/failed-dial-policy.js';
import { VARIABLES, type Values, type Variable } from './variables.js';
import { TandemError } from '../base/errors.js';
import type { SharedJournal } from '../journal/open-journal.js';
import type { SwitchableTrigger } from '../escalation/escalation.js';
import type { TurnDetection } from '../voice/openai/session-settings.js';

export interface Config {
  port: number;
  host: string;
  /** Undefined: `localhost:<port>`, known once the gateway listens. */
  publicHost: string | undefined;
  streamHost: string | undefined;
  logLevel: string;
  pipeline: boolean;
  /** Names of providers in the order of preference: VOICE_PROVIDER, then VOICE_FALLBACK. Checked against what there is at start. */
  voiceProviders: readonly [string, ...string[]];
  /** Modules to load, as given. */
  extensions: readonly string[];
  /** 0: callers are never asked whether they are there. */
  idleMs: number;
  /** Empty: none. */
  humanDigit: string;
  escalation: {
    triggers: readonly SwitchableTrigger[];
    silenceEndsWith: 'goodbye' | 'human';
    /** Undefined: no phrases but the built-in ones. */
    phrasesFile: string | undefined;
  };
  /** A name, or a path. Checked at start, with what is in it. */
  assistantPrompt: string;
  /** Undefined: all numbers are answered alike. */
  assistantsFile: string | undefined;
  maxConcurrentCalls: number;
  /** By provider; absent: no limit. */
  maxSessions: Readonly<Record<string, number>>;
  /** 0: no limit. */
  maxCallMs: number;
  /** 0: the process is never too late to take a call. */
  maxLoopDelayMs: number;
  /** 0: a process that stands still is left as it is. */
  maxStallMs: number;
  drainSeconds: number;
  twilio: {
    accountSid: string | undefined;
    /** Every token whose signature is accepted; empty: webhooks are not signed. */
    authTokens: readonly string[];
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
  nova: {
    region: string;
    modelId: string;
    voice: string;
    /** Undefined: one that suits the region. */
    summaryModelId: string | undefined;
    renewAfterMs: number;
    /** The AWS SDK's own AWS_ENDPOINT_URL_BEDROCK_RUNTIME. */
    endpointUrl: string | undefined;
  };
  local: { sttModel: string; llmBaseUrl: string | undefined; llmModel: string | undefined };
  handover: {
    tableName: string;
    /** True: local mode. The table is created on start and, without an endpoint, the store runs in this process. */
    embedded: boolean;
    endpointUrl: string | undefined;
    region: string;
    ttlSeconds: number;
    /** BCP 47 tag of the language that agents read. */
    summaryLanguage: string;
    /** Whether a handover can be found by the caller's number. */
    callerMatch: boolean;
    /** Undefined only in local mode. */
    pepper: string | undefined;
    connectPhoneNumber: string | undefined;
    queueArn: string | undefined;
    queueArns: Readonly<Record<string, string>>;
  };
  dial: {
    /** How Twilio is told to dial. */
    by: 'twiml' | 'rest';
    /** Where Twilio's REST interface is. */
    restUrl: string;
    nextSteps: NextSteps;
    checkAvailability: 'off' | 'staffed' | 'available';
    instanceId: string | undefined;
    connectEndpointUrl: string | undefined;
  };
  /** Undefined: handovers are not written to HubSpot. */
  hubspot: { baseUrl: string; accessToken: string; apiVersion: string; pipeline: string; stage: string } | undefined;
  /** Undefined: calls are written down in memory only, for this instance. */
  journal: SharedJournal | undefined;
  /** What the person who starts the gateway should know; one sentence each. */
  warnings: readonly string[];
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Reads the environment. An empty value counts as unset.
 * @throws TandemError CONFIG_INVALID naming the first variable that is wrong; a secret's value is never shown.
 */
export function readConfig(env: Environment): Config {
  const values = readVariables(env);
  const signed = (values.TWILIO_AUTH_TOKEN?.length ?? 0) > 0;
  const host = values.HOST ?? (signed ? '0.0.0.0' : '127.0.0.1');
  const warnings: string[] = [];

  if (!signed && !isLoopback(host)) {
    if (!values.ALLOW_UNSIGNED_WEBHOOKS) {
      throw invalid(
        'HOST',
        'is a public address, but without TWILIO_AUTH_TOKEN anybody could place calls. Set the token, listen on 127.0.0.1, or set ALLOW_UNSIGNED_WEBHOOKS=true on a closed network.',
      );
    }
    warnings.push(
      'Webhooks are not signed and the gateway listens on a public address: anybody who reaches it can place calls (ALLOW_UNSIGNED_WEBHOOKS=true).',
    );
  }
  const embedded = values.USE_LOCAL_DYNAMODB ?? !hasAwsCredentials(env);
  if (!embedded && values.HANDOVER_TOKEN_PEPPER === undefined) {
    throw invalid(
      'HANDOVER_TOKEN_PEPPER',
      'is required when the handover store is not embedded. Use a long random string and give the Lambda the same.',
    );
  }
  const connectPhoneNumber = values.CONNECT_PHONE_NUMBER ?? (embedded ? '+12065550100' : undefined);
  if (connectPhoneNumber === undefined) {
    warnings.push('CONNECT_PHONE_NUMBER is not set: a caller who needs a human will hear that nobody can be reached.');
  }
  checkHandover(values, signed);
  if (values.LOCAL_LLM_BASE_URL !== undefined && values.LOCAL_LLM_MODEL === undefined) {
    throw invalid('LOCAL_LLM_MODEL', 'is required with LOCAL_LLM_BASE_URL; name the model that endpoint serves.');
  }

  const voiceProvider = values.VOICE_PROVIDER;
  const fallbacks = [...new Set(values.VOICE_FALLBACK ?? [])];
  const extensions = values.EXTENSIONS ?? [];
  checkProviders({ VOICE_PROVIDER: [voiceProvider], VOICE_FALLBACK: fallbacks }, extensions.length > 0);
  if ([voiceProvider, ...fallbacks].includes('openai') && values.OPENAI_API_KEY === undefined) {
    throw invalid('OPENAI_API_KEY', 'is required for the provider "openai".');
  }

  return {
    port: values.PORT,
    host,
    publicHost: values.PUBLIC_HOST,
    streamHost: values.STREAM_HOST,
    logLevel: values.LOG_LEVEL,
    pipeline: values.USE_PIPECAT,
    voiceProviders: [voiceProvider, ...fallbacks.filter((name) => name !== voiceProvider)],
    extensions,
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
    maxLoopDelayMs: values.MAX_LOOP_DELAY_MS,
    maxStallMs: values.MAX_STALL_SECONDS * 1000,
    drainSeconds: values.DRAIN_SECONDS,
    twilio: {
      accountSid: values.TWILIO_ACCOUNT_SID,
      authTokens: values.TWILIO_AUTH_TOKEN ?? [],
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
    nova: {
      region: values.NOVA_REGION,
      modelId: values.NOVA_MODEL_ID,
      voice: values.NOVA_VOICE,
      summaryModelId: values.NOVA_SUMMARY_MODEL_ID,
      renewAfterMs: values.NOVA_RENEW_AFTER_SECONDS * 1000,
      endpointUrl: values.AWS_ENDPOINT_URL_BEDROCK_RUNTIME,
    },
    local: {
      sttModel: values.LOCAL_STT_MODEL,
      llmBaseUrl: values.LOCAL_LLM_BASE_URL,
      llmModel: values.LOCAL_LLM_MODEL,
    },
    handover: {
      tableName: values.DYNAMODB_TABLE_NAME,
      embedded,
      endpointUrl: values.DYNAMODB_ENDPOINT_URL,
      region: values.AWS_REGION,
      ttlSeconds: values.HANDOVER_TTL_SECONDS,
      summaryLanguage: values.HANDOVER_SUMMARY_LANGUAGE,
      callerMatch: values.HANDOVER_CALLER_MATCH,
      pepper: values.HANDOVER_TOKEN_PEPPER,
      connectPhoneNumber,
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
    journal: readJournal(values),
    warnings,
  };
}

function readJournal({ JOURNAL_KEY: keys, REDIS_URL: redis }: Values): Config['journal'] {
  if (redis === undefined) return undefined;
  if (keys !== undefined) return { redis, keys };
  throw invalid(
    'JOURNAL_KEY',
    'is required with REDIS_URL: what callers say is encrypted there. Draw one with "openssl rand -base64 32" and give all instances the same.',
  );
}

function readVariables(env: Environment): Values {
  const values: Record<string, unknown> = {};
  for (const group of Object.values(VARIABLES)) {
    for (const [name, entry] of Object.entries(group) as [string, Variable][]) {
      const given = env[name]?.trim() ?? '';
      const raw = given === '' ? entry.default : given;
      if (raw === undefined) continue;
      const parsed = entry.schema.safeParse(raw);
      if (!parsed.success) {
        const value = entry.secret ? 'has a value that cannot be used' : `is ${JSON.stringify(raw.slice(0, 80))}`;
        throw invalid(name, `${value}: ${parsed.error.issues[0]?.message ?? 'not valid'}.`);
      }
      values[name] = parsed.data;
    }
  }
  return values as Values;
}

function invalid(name: string, what: string): TandemError {
  return new TandemError('CONFIG_INVALID', `${name} ${what}`);
}

function checkHandover(values: Values, signed: boolean): void {
  if (values.HANDOVER_MODE === 'rest' && (values.TWILIO_ACCOUNT_SID === undefined || !signed)) {
    throw invalid('HANDOVER_MODE', 'is rest, which needs TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN.');
  }
  if (values.CONNECT_CHECK_AVAILABILITY !== 'off' && values.CONNECT_INSTANCE_ID === undefined) {
    throw invalid('CONNECT_CHECK_AVAILABILITY', 'needs CONNECT_INSTANCE_ID.');
  }
}

function hubspotOf(values: Values): Config['hubspot'] {
  if (!values.ENABLE_HUBSPOT) return undefined;
  const accessToken = values.HUBSPOT_ACCESS_TOKEN;
  if (accessToken === undefined) throw invalid('HUBSPOT_ACCESS_TOKEN', 'is required with ENABLE_HUBSPOT.');
  return {
    accessToken,
    baseUrl: values.HUBSPOT_BASE_URL,
    apiVersion: values.HUBSPOT_API_VERSION,
    pipeline: values.HUBSPOT_TICKET_PIPELINE,
    stage: values.HUBSPOT_TICKET_STAGE,
  };
}

/** Providers of this gateway, by the name they have in the environment. */
export const BUILT_IN_PROVIDERS: readonly string[] = ['openai', 'nova', 'local'];

/** A name that is not ours may be an extension's; which ones there are is known when they are loaded. */
function checkProviders(named: Record<string, readonly string[]>, hasExtensions: boolean): void {
  for (const [variable, names] of Object.entries(named)) {
    const unknown = names.find((name) => !BUILT_IN_PROVIDERS.includes(name));
    if (unknown === undefined || hasExtensions) continue;
    throw invalid(variable, `is ${JSON.stringify(unknown.slice(0, 80))}: expected openai, nova or local.`);
  }
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host === '[::1]' || /^127(\.\d{1,3}){3}$/.test(host);
}

/** Whether the AWS SDK would find credentials without asking the instance metadata service. */
function hasAwsCredentials(env: Environment): boolean {
  return [
    'AWS_ACCESS_KEY_ID',
    'AWS_PROFILE',
    'AWS_CONTAINER_CREDENTIALS_RELATIVE_URI',
    'AWS_CONTAINER_CREDENTIALS_FULL_URI',
    'AWS_WEB_IDENTITY_TOKEN_FILE',
  ].some((name) => (env[name] ?? '') !== '');
}
