import type { NextSteps } from '../call/transfer/failed-dial-policy.js';
import { VARIABLES, type Values, type Variable } from './variables.js';
import { TandemError } from '../base/errors.js';
import type { SharedJournal } from '../journal/open-journal.js';
import type { SwitchableTrigger } from '../escalation/escalation.js';
import type { TurnDetection } from '../voice/openai/session-settings.js';

/** The gateway's configuration, read from its environment once. */
export interface Config {
  port: number;
  host: string;
  /** `undefined`: `localhost:<port>`, which is known once the gateway listens. */
  publicHost: string | undefined;
  streamHost: string | undefined;
  /** `undefined`: /metrics is on the main port. */
  metricsPort: number | undefined;
  logLevel: string;
  pipeline: boolean;
  /** Names of providers by preference: VOICE_PROVIDER, then VOICE_FALLBACK. Start fails if a name belongs to no provider. */
  voiceProviders: readonly [string, ...string[]];
  /** Modules to load, as they stand in EXTENSIONS. */
  extensions: readonly string[];
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
  nova: {
    region: string;
    modelId: string;
    voice: string;
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
    /** BCP 47 tag of the language that agents read. */
    summaryLanguage: string;
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
  /** What the operator should know at start, one sentence each. */
  warnings: readonly string[];
}

const SAFE_TOKEN_CHARACTERS = 16;

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Reads the environment. An empty value counts as unset.
 * @throws TandemError CONFIG_INVALID that names the first variable that is wrong. It never shows the value of a secret.
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
        'is a public address, and without TWILIO_AUTH_TOKEN anyone who reaches it can place calls. Set the token, listen on 127.0.0.1, or set ALLOW_UNSIGNED_WEBHOOKS=true on a closed network.',
      );
    }
    warnings.push(
      'Webhooks are not signed and the gateway listens on a public address, so anyone who reaches it can place calls. Set TWILIO_AUTH_TOKEN and remove ALLOW_UNSIGNED_WEBHOOKS=true.',
    );
  }
  if (!signed && (values.TWILIO_WEBHOOK_SHARED_KEYS?.length ?? 0) > 0) {
    throw invalid(
      'TWILIO_WEBHOOK_SHARED_KEYS',
      'needs TWILIO_AUTH_TOKEN, with which Twilio signs everything that no webhook rule covers.',
    );
  }
  if (values.METRICS_PORT !== undefined && values.METRICS_PORT !== 0 && values.METRICS_PORT === values.PORT) {
    throw invalid('METRICS_PORT', 'is the same port as PORT. Set another one, or leave it unset.');
  }
  const embedded = values.USE_LOCAL_DYNAMODB ?? !hasAwsCredentials(env);
  if (!embedded && values.HANDOVER_TOKEN_PEPPER === undefined) {
    throw invalid(
      'HANDOVER_TOKEN_PEPPER',
      'is required outside local mode. Set a long random string, the same for the Lambda, or USE_LOCAL_DYNAMODB=true.',
    );
  }
  const connectPhoneNumber = values.CONNECT_PHONE_NUMBER ?? (embedded ? '+12065550100' : undefined);
  if (connectPhoneNumber === undefined) {
    warnings.push(
      'CONNECT_PHONE_NUMBER is not set, so no call can be transferred to a human. Set the number of your Amazon Connect instance.',
    );
  }
  if (values.CONSOLE_TOKEN !== undefined && values.CONSOLE_TOKEN.length < SAFE_TOKEN_CHARACTERS) {
    warnings.push('CONSOLE_TOKEN is short enough to be guessed. Generate a longer one with "openssl rand -base64 24".');
  }
  checkHandover(values, signed);
  if (values.LOCAL_LLM_BASE_URL !== undefined && values.LOCAL_LLM_MODEL === undefined) {
    throw invalid(
      'LOCAL_LLM_MODEL',
      'is required with LOCAL_LLM_BASE_URL. Set the name of the model at that endpoint.',
    );
  }
  if (values.LOCAL_TTS_MODEL !== undefined && values.LOCAL_TTS_BASE_URL !== undefined) {
    throw invalid('LOCAL_TTS_BASE_URL', 'cannot be combined with LOCAL_TTS_MODEL. Set one of them.');
  }

  const voiceProvider = values.VOICE_PROVIDER;
  const fallbacks = [...new Set(values.VOICE_FALLBACK ?? [])];
  const extensions = values.EXTENSIONS ?? [];
  checkProviders({ VOICE_PROVIDER: [voiceProvider], VOICE_FALLBACK: fallbacks }, extensions.length > 0);
  if ([voiceProvider, ...fallbacks].includes('openai') && values.OPENAI_API_KEY === undefined) {
    throw invalid('OPENAI_API_KEY', 'is required, because VOICE_PROVIDER or VOICE_FALLBACK names openai.');
  }

  const isSimulated = isCarrierSimulated(host, values.PUBLIC_HOST ?? host, signed);
  return {
    port: values.PORT,
    host,
    publicHost: values.PUBLIC_HOST,
    streamHost: values.STREAM_HOST,
    metricsPort: values.METRICS_PORT,
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
      ttsModel: values.LOCAL_TTS_MODEL,
      ttsBaseUrl: values.LOCAL_TTS_BASE_URL,
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
    isCarrierSimulated: isSimulated,
    console: {
      token: values.CONSOLE_TOKEN,
      showsTranscripts: values.CONSOLE_TRANSCRIPTS ?? isSimulated,
      hosts: values.CONSOLE_HOSTS ?? [],
    },
    journal: readJournal(values),
    warnings,
  };
}

function readJournal({ JOURNAL_KEY: keys, REDIS_URL: redis }: Values): Config['journal'] {
  if (redis === undefined) return undefined;
  if (keys !== undefined) return { redis, keys };
  throw invalid(
    'JOURNAL_KEY',
    'is required with REDIS_URL, because it encrypts what callers say. Generate one with "openssl rand -base64 32" and set the same for all instances.',
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
    throw invalid('CONNECT_CHECK_AVAILABILITY', 'needs CONNECT_INSTANCE_ID, unless it is off.');
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

/** Names of the providers that need no extension. */
export const BUILT_IN_PROVIDERS: readonly string[] = ['openai', 'nova', 'local'];

/** Unknown names are accepted with extensions, because what an extension provides is known only once it is loaded. */
function checkProviders(named: Record<string, readonly string[]>, hasExtensions: boolean): void {
  for (const [variable, names] of Object.entries(named)) {
    const unknown = names.find((name) => !BUILT_IN_PROVIDERS.includes(name));
    if (unknown === undefined || hasExtensions) continue;
    throw invalid(
      variable,
      `is ${JSON.stringify(unknown.slice(0, 80))}: expected openai, nova, local, or a provider from EXTENSIONS.`,
    );
  }
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host === '[::1]' || /^127(\.\d{1,3}){3}$/.test(host);
}

/** Whether only this machine can place calls, so that no caller is real. */
function isCarrierSimulated(host: string, publicHost: string, signed: boolean): boolean {
  return !signed && isLoopback(host) && isLoopback(publicHost.replace(/(?<!:):\d+$/, ''));
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
