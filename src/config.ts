import type { KeyObject } from 'node:crypto';
import { z } from 'zod';
import { type NextSteps, defaultNextSteps } from './call/next-step.js';
import {
  e164,
  flag,
  headerText,
  hostName,
  httpUrl,
  journalKeys,
  list,
  nextSteps,
  queueArns,
  redisUrl,
  region,
  sessionLimits,
  share,
  text,
  triggers,
  whole,
} from './config-formats.js';
import { TandemError } from './errors.js';
import type { RedisTarget } from './journal/redis-url.js';
import { type SwitchableTrigger, TRIGGERS } from './escalation/escalation.js';
import type { TurnDetection } from './voice/openai/session-settings.js';

/** How a variable is documented in `.env.example` and named in an error. */
interface Variable<Schema extends z.ZodType> {
  schema: Schema;
  /** Value shown in `.env.example`; what holds when the variable is unset. */
  shown: string;
  about: string;
  secret?: true;
}

function variable<Schema extends z.ZodType>(shown: string, about: string, schema: Schema): Variable<Schema> {
  return { schema, shown, about };
}

function secret<Schema extends z.ZodType>(about: string, schema: Schema): Variable<Schema> {
  return { schema, shown: '', about, secret: true };
}

/** Every variable the gateway reads, once. `.env.example` is generated from this table. */
export const VARIABLES = {
  'Where it listens': {
    PORT: variable('8000', 'Port for HTTP and WebSocket; 0 picks a free one.', whole(0, 65535)),
    HOST: variable('', 'Address to listen on. Unset: 127.0.0.1 without a Twilio auth token, 0.0.0.0 with one.', text),
    PUBLIC_HOST: variable(
      'localhost:PORT',
      'The host Twilio knows the gateway by, without scheme. Signed URLs are built from it.',
      hostName,
    ),
    STREAM_HOST: variable(
      'PUBLIC_HOST',
      'With several instances behind PUBLIC_HOST: a host that leads to this one alone. A stream then comes to the instance that announced it, which has its session ready.',
      hostName,
    ),
    LOG_LEVEL: variable(
      'info',
      'fatal, error, warn, info, debug, trace or silent.',
      z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']),
    ),
  },
  'The call': {
    USE_PIPECAT: variable(
      'true',
      'true: the frame pipeline (the architecture of Pipecat); false: the direct bridge.',
      flag,
    ),
    VOICE_PROVIDER: variable('local', 'Who talks: openai, nova, local, or a provider of an extension.', text),
    VOICE_FALLBACK: variable(
      '',
      'Comma list of providers that take over a live call when the current one fails, in this order.',
      list,
    ),
    EXTENSIONS: variable(
      '',
      'Comma list of JavaScript modules with providers and tools of your own; see docs/guides.',
      list,
    ),
    IDLE_PROMPT_SECONDS: variable(
      '10',
      'A caller who says nothing for this long is asked, then asked again, then the call ends; 0: never.',
      whole(0, 600),
    ),
    HUMAN_KEY: variable(
      '0',
      'The key that asks for a human, as the first of a number; none: no key does.',
      z.string().regex(/^([0-9*]|none)$/, 'expected one of 0-9 or *, or none'),
    ),
    SILENCE_ENDS_WITH: variable(
      'goodbye',
      'What a caller gets who stays silent when asked: goodbye, or human.',
      z.enum(['goodbye', 'human']),
    ),
    ESCALATION_TRIGGERS: variable(
      TRIGGERS.join(','),
      'Comma list of what makes the gateway call a human; none: only a failure, or being stopped. See docs/escalation.md.',
      triggers,
    ),
    ESCALATION_PHRASES: variable(
      '',
      'JSON file with phrases of your own that ask for a human, or never do: {"asks": ["…"], "never": ["…"]}.',
      text,
    ),
    ASSISTANT_PROMPT: variable(
      'default',
      'Who answers: default, technical, sales, or the path of a JSON file of your own; see src/prompts/README.md.',
      text,
    ),
    ASSISTANTS_FILE: variable(
      '',
      'JSON file with other assistants, voices, providers, queues and opening hours by the number called; see docs/guides/assistants.md.',
      text,
    ),
    MAX_VOICE_SESSIONS: variable(
      '',
      'Sessions an account allows at the same time, like nova=20,openai=100; above, callers go to the next provider or a human.',
      sessionLimits,
    ),
    MAX_CALL_SECONDS: variable(
      '0',
      'The longest a caller talks to the assistant; then a human goes on. 0: no limit.',
      whole(0, 86_400),
    ),
    MAX_LOOP_DELAY_MS: variable(
      '100',
      'When the process does what is due later than this, again and again, new callers go straight to a human; 0: never.',
      whole(0, 10_000),
    ),
    MAX_CONCURRENT_CALLS: variable(
      '0',
      'Above it, callers go straight to a human; 0 means no limit.',
      whole(0, 100_000),
    ),
    DRAIN_SECONDS: variable(
      '110',
      'How long a stopping gateway lasts; 30 s before the end calls still live move to another instance, or go to a human.',
      whole(0, 3600),
    ),
  },
  Twilio: {
    TWILIO_ACCOUNT_SID: variable(
      '',
      'Account SID (AC…). When set, calls of other accounts are refused.',
      z.string().regex(/^AC[0-9a-fA-F]{32}$/, 'expected AC followed by 32 hexadecimal digits'),
    ),
    TWILIO_AUTH_TOKEN: secret(
      'Auth token; a comma list while rotating. When set, webhooks and streams must be signed.',
      list,
    ),
    TWILIO_API_URL: variable(
      'https://api.twilio.com',
      'Where the REST interface is, with HANDOVER_MODE=rest; another region has another.',
      httpUrl,
    ),
    TWILIO_PHONE_NUMBER: variable(
      '',
      'The number callers dial, shown to the human side as the caller id when the caller withheld theirs.',
      e164,
    ),
    ALLOW_UNSIGNED_WEBHOOKS: variable(
      'false',
      'Accept unsigned webhooks on a public address. For a closed test network only.',
      flag,
    ),
  },
  'OpenAI Realtime (VOICE_PROVIDER=openai)': {
    OPENAI_API_KEY: secret('API key of a project that may use the Realtime API.', text),
    OPENAI_BASE_URL: variable(
      'https://api.openai.com/v1',
      'Another endpoint, for instance a regional one or the simulator. http: becomes ws:, https: becomes wss:.',
      httpUrl,
    ),
    OPENAI_REALTIME_MODEL: variable('gpt-realtime-2.1', 'The speech-to-speech model.', text),
    OPENAI_VOICE: variable('marin', 'The voice it speaks with.', text),
    OPENAI_TRANSCRIPTION_MODEL: variable('gpt-transcribe', 'Writes down what the caller says.', text),
    OPENAI_ORGANIZATION: variable('', 'Whom to bill, when the key may use several organizations.', headerText),
    OPENAI_PROJECT: variable('', 'Which project to bill, when the key may use several.', headerText),
    OPENAI_TURN_DETECTION: variable(
      'server_vad',
      'How the end of what the caller says is found: server_vad (by silence) or semantic_vad (by what is said).',
      z.enum(['server_vad', 'semantic_vad']),
    ),
    OPENAI_VAD_THRESHOLD: variable('0.5', 'server_vad: 0 to 1; higher asks for a louder voice.', share),
    OPENAI_VAD_SILENCE_MS: variable('500', 'server_vad: silence that ends what the caller says.', whole(100, 5000)),
    OPENAI_VAD_EAGERNESS: variable(
      'auto',
      'semantic_vad: low, medium, high or auto; how soon a caller who sounds unfinished is answered all the same.',
      z.enum(['low', 'medium', 'high', 'auto']),
    ),
    OPENAI_RENEW_AFTER_SECONDS: variable(
      '3300',
      'When a session is renewed under a live call; the service ends it after 60 minutes.',
      whole(1, 3500),
    ),
  },
  'Amazon Nova 2 Sonic (VOICE_PROVIDER=nova)': {
    NOVA_REGION: variable('us-east-1', 'Region of the model; apart from AWS_REGION.', region),
    NOVA_MODEL_ID: variable('amazon.nova-2-sonic-v1:0', 'The speech-to-speech model.', text),
    NOVA_VOICE: variable('matthew', 'The voice it speaks with.', text),
    NOVA_SUMMARY_MODEL_ID: variable(
      '',
      "Writes the agent's summary: a text model or inference profile of Bedrock. Unset: Nova 2 Lite in the region's geography.",
      text,
    ),
    AWS_ENDPOINT_URL_BEDROCK_RUNTIME: variable(
      '',
      "Another endpoint for the model, for instance the simulator; the AWS SDK's own name.",
      httpUrl,
    ),
    NOVA_RENEW_AFTER_SECONDS: variable(
      '360',
      'When a session is renewed under a live call; the service ends it after 8 minutes.',
      whole(1, 440),
    ),
  },
  'The embedded voice (VOICE_PROVIDER=local)': {
    LOCAL_STT_MODEL: variable(
      'tiny',
      'tiny, or a folder with another Moonshine model (encoder_model.onnx, decoder_model_merged.onnx, tokens.txt).',
      text,
    ),
    LOCAL_LLM_BASE_URL: variable(
      '',
      'An OpenAI-compatible endpoint that does the talking, like http://127.0.0.1:11434/v1 (Ollama). Unset: a small built-in dialog.',
      httpUrl,
    ),
    LOCAL_LLM_MODEL: variable('', 'The model name that endpoint expects. Required with LOCAL_LLM_BASE_URL.', text),
  },
  'Several instances': {
    REDIS_URL: secret(
      'Where calls are written down for other instances: redis://, redis+sentinel:// or redis+cluster://, with rediss for TLS; see docs/guides/several-instances.md. Unset: in memory.',
      redisUrl,
    ),
    JOURNAL_KEY: secret(
      'Encrypts what is written to Redis: 32 bytes in base64 or hexadecimal, the same for all instances; a comma list while rotating. Required with REDIS_URL.',
      journalKeys,
    ),
  },
  'The handover': {
    DYNAMODB_TABLE_NAME: variable(
      'HandoverTokens',
      'Table with partition key "pk" (string) and TTL attribute "expires_at".',
      z.string().regex(/^[A-Za-z0-9_.-]{3,255}$/, 'expected a DynamoDB table name'),
    ),
    USE_LOCAL_DYNAMODB: variable(
      '',
      'true: a DynamoDB-compatible store inside the gateway. Unset: true when no AWS credentials are configured.',
      flag,
    ),
    DYNAMODB_ENDPOINT_URL: variable('', 'Another DynamoDB endpoint, for instance DynamoDB Local.', httpUrl),
    AWS_REGION: variable('us-east-1', 'Region of the table.', region),
    HANDOVER_TTL_SECONDS: variable('600', 'How long a handover token can be redeemed.', whole(30, 86_400)),
    HANDOVER_SUMMARY_LANGUAGE: variable(
      'en',
      "Language in which the model writes the agent's summary; letters that ASCII does not have are lost.",
      z.string().regex(/^[a-z]{2,3}(-[A-Za-z0-9]{2,8})?$/, 'expected a language tag such as en or de-AT'),
    ),
    HANDOVER_TOKEN_PEPPER: secret(
      'Key under which tokens are stored; the Lambda needs the same. Required outside local mode.',
      z.string().min(16, 'expected at least 16 characters'),
    ),
    HANDOVER_CALLER_MATCH: variable(
      'true',
      "When all digits are lost on the way, the human side finds the handover by the caller's number, without the conversation; give the Lambda the same.",
      flag,
    ),
    CONNECT_PHONE_NUMBER: variable(
      '',
      'Number of the Amazon Connect instance. Unset: +12065550100 in local mode; otherwise no human can be reached.',
      e164,
    ),
    HANDOVER_MODE: variable(
      'twiml',
      'How Twilio is told to dial: twiml (it asks when the stream is over) or rest (the live call is changed; needs TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN).',
      z.enum(['twiml', 'rest']),
    ),
    AFTER_FAILED_DIAL: variable(
      'assistant,exhausted=goodbye',
      'What follows when nobody can be reached: assistant, voicemail, callback, again or goodbye; per outcome as busy=…, no_answer=…, failed=…, dropped=…, unavailable=…, closed=…, exhausted=… (after the third try). See docs/handover.md.',
      nextSteps,
    ),
    CONNECT_CHECK_AVAILABILITY: variable(
      'off',
      'Ask Amazon Connect before dialling: staffed (somebody is logged in) or available (somebody is free); needs CONNECT_INSTANCE_ID and CONNECT_QUEUE_ARN or CONNECT_QUEUE_ARNS.',
      z.enum(['off', 'staffed', 'available']),
    ),
    AWS_ENDPOINT_URL_CONNECT: variable('', "Another endpoint for that question; the AWS SDK's own name.", httpUrl),
    CONNECT_INSTANCE_ID: variable('', 'Amazon Connect instance id.', text),
    CONNECT_QUEUE_ARN: variable(
      '',
      'Queue for callers whose reason has no queue of its own.',
      z.string().startsWith('arn:', 'expected a queue ARN'),
    ),
    CONNECT_QUEUE_ARNS: variable('', 'JSON map from reason to queue ARN.', queueArns),
  },
  'HubSpot (see docs/guides/hubspot.md)': {
    ENABLE_HUBSPOT: variable('false', 'Write a contact, a ticket and a note for every handover.', flag),
    HUBSPOT_ACCESS_TOKEN: secret('Service key, or the token of a private app. Required with ENABLE_HUBSPOT.', text),
    HUBSPOT_BASE_URL: variable('https://api.hubapi.com', 'Another endpoint, for instance the simulator.', httpUrl),
    HUBSPOT_API_VERSION: variable(
      '2026-03',
      'A dated version of the API, or v3 for the legacy paths.',
      z.string().regex(/^(v3|20\d\d-(03|09))$/, 'expected v3, or a dated version like 2026-03'),
    ),
    HUBSPOT_TICKET_PIPELINE: variable('0', 'Internal id of the pipeline that gets the tickets.', text),
    HUBSPOT_TICKET_STAGE: variable('1', 'Internal id of the stage of that pipeline a new ticket begins in.', text),
  },
} as const;

type Groups = typeof VARIABLES;
type AllVariables = UnionToIntersection<Groups[keyof Groups]>;
type UnionToIntersection<U> = (U extends unknown ? (x: U) => void : never) extends (x: infer I) => void ? I : never;
type Values = {
  [Name in keyof AllVariables]: AllVariables[Name] extends Variable<infer S> ? z.infer<S> | undefined : never;
};

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
  journal: { redis: RedisTarget; keys: readonly [KeyObject, ...KeyObject[]] } | undefined;
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
    if (values.ALLOW_UNSIGNED_WEBHOOKS !== true) {
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

  const voiceProvider = values.VOICE_PROVIDER ?? 'local';
  const fallbacks = [...new Set(values.VOICE_FALLBACK ?? [])];
  const extensions = values.EXTENSIONS ?? [];
  checkProviders({ VOICE_PROVIDER: [voiceProvider], VOICE_FALLBACK: fallbacks }, extensions.length > 0);
  if ([voiceProvider, ...fallbacks].includes('openai') && values.OPENAI_API_KEY === undefined) {
    throw invalid('OPENAI_API_KEY', 'is required for the provider "openai".');
  }

  return {
    port: values.PORT ?? 8000,
    host,
    publicHost: values.PUBLIC_HOST,
    streamHost: values.STREAM_HOST,
    logLevel: values.LOG_LEVEL ?? 'info',
    pipeline: values.USE_PIPECAT ?? true,
    voiceProviders: [voiceProvider, ...fallbacks.filter((name) => name !== voiceProvider)],
    extensions,
    idleMs: (values.IDLE_PROMPT_SECONDS ?? 10) * 1000,
    humanDigit: values.HUMAN_KEY === 'none' ? '' : (values.HUMAN_KEY ?? '0'),
    escalation: {
      triggers: values.ESCALATION_TRIGGERS ?? TRIGGERS,
      silenceEndsWith: values.SILENCE_ENDS_WITH ?? 'goodbye',
      phrasesFile: values.ESCALATION_PHRASES,
    },
    assistantPrompt: values.ASSISTANT_PROMPT ?? 'default',
    assistantsFile: values.ASSISTANTS_FILE,
    maxConcurrentCalls: values.MAX_CONCURRENT_CALLS ?? 0,
    maxSessions: values.MAX_VOICE_SESSIONS ?? {},
    maxCallMs: (values.MAX_CALL_SECONDS ?? 0) * 1000,
    maxLoopDelayMs: values.MAX_LOOP_DELAY_MS ?? 100,
    drainSeconds: values.DRAIN_SECONDS ?? 110,
    twilio: {
      accountSid: values.TWILIO_ACCOUNT_SID,
      authTokens: values.TWILIO_AUTH_TOKEN ?? [],
      phoneNumber: values.TWILIO_PHONE_NUMBER,
    },
    openai: {
      apiKey: values.OPENAI_API_KEY,
      baseUrl: values.OPENAI_BASE_URL ?? 'https://api.openai.com/v1',
      model: values.OPENAI_REALTIME_MODEL ?? 'gpt-realtime-2.1',
      voice: values.OPENAI_VOICE ?? 'marin',
      transcriptionModel: values.OPENAI_TRANSCRIPTION_MODEL ?? 'gpt-transcribe',
      organization: values.OPENAI_ORGANIZATION,
      project: values.OPENAI_PROJECT,
      turnDetection:
        values.OPENAI_TURN_DETECTION === 'semantic_vad'
          ? { type: 'semantic_vad', eagerness: values.OPENAI_VAD_EAGERNESS ?? 'auto' }
          : {
              type: 'server_vad',
              threshold: values.OPENAI_VAD_THRESHOLD ?? 0.5,
              silenceDurationMs: values.OPENAI_VAD_SILENCE_MS ?? 500,
            },
      renewAfterMs: (values.OPENAI_RENEW_AFTER_SECONDS ?? 3300) * 1000,
    },
    nova: {
      region: values.NOVA_REGION ?? 'us-east-1',
      modelId: values.NOVA_MODEL_ID ?? 'amazon.nova-2-sonic-v1:0',
      voice: values.NOVA_VOICE ?? 'matthew',
      summaryModelId: values.NOVA_SUMMARY_MODEL_ID,
      renewAfterMs: (values.NOVA_RENEW_AFTER_SECONDS ?? 360) * 1000,
      endpointUrl: values.AWS_ENDPOINT_URL_BEDROCK_RUNTIME,
    },
    local: {
      sttModel: values.LOCAL_STT_MODEL ?? 'tiny',
      llmBaseUrl: values.LOCAL_LLM_BASE_URL,
      llmModel: values.LOCAL_LLM_MODEL,
    },
    handover: {
      tableName: values.DYNAMODB_TABLE_NAME ?? 'HandoverTokens',
      embedded,
      endpointUrl: values.DYNAMODB_ENDPOINT_URL,
      region: values.AWS_REGION ?? 'us-east-1',
      ttlSeconds: values.HANDOVER_TTL_SECONDS ?? 600,
      summaryLanguage: values.HANDOVER_SUMMARY_LANGUAGE ?? 'en',
      callerMatch: values.HANDOVER_CALLER_MATCH ?? true,
      pepper: values.HANDOVER_TOKEN_PEPPER,
      connectPhoneNumber,
      queueArn: values.CONNECT_QUEUE_ARN,
      queueArns: values.CONNECT_QUEUE_ARNS ?? {},
    },
    dial: {
      by: values.HANDOVER_MODE ?? 'twiml',
      restUrl: values.TWILIO_API_URL ?? 'https://api.twilio.com',
      nextSteps: values.AFTER_FAILED_DIAL ?? defaultNextSteps,
      checkAvailability: values.CONNECT_CHECK_AVAILABILITY ?? 'off',
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
    for (const [name, entry] of Object.entries(group) as [string, Variable<z.ZodType>][]) {
      const raw = env[name]?.trim();
      if (raw === undefined || raw === '') continue;
      const parsed = entry.schema.safeParse(raw);
      if (!parsed.success) {
        const value =
          entry.secret === true ? 'has a value that cannot be used' : `is ${JSON.stringify(raw.slice(0, 80))}`;
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
  if ((values.CONNECT_CHECK_AVAILABILITY ?? 'off') !== 'off' && values.CONNECT_INSTANCE_ID === undefined) {
    throw invalid('CONNECT_CHECK_AVAILABILITY', 'needs CONNECT_INSTANCE_ID.');
  }
}

function hubspotOf(values: Values): Config['hubspot'] {
  if (values.ENABLE_HUBSPOT !== true) return undefined;
  const accessToken = values.HUBSPOT_ACCESS_TOKEN;
  if (accessToken === undefined) throw invalid('HUBSPOT_ACCESS_TOKEN', 'is required with ENABLE_HUBSPOT.');
  return {
    accessToken,
    baseUrl: values.HUBSPOT_BASE_URL ?? 'https://api.hubapi.com',
    apiVersion: values.HUBSPOT_API_VERSION ?? '2026-03',
    pipeline: values.HUBSPOT_TICKET_PIPELINE ?? '0',
    stage: values.HUBSPOT_TICKET_STAGE ?? '1',
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

/** The text of `.env.example`. */
export function exampleEnvironment(): string {
  const lines = [
    '# Every setting of the gateway. Generated from src/config.ts by "node scripts/generate.mjs"; do not edit.',
    '# Nothing here is needed to try it: "npm start" without any setting runs everything embedded.',
  ];
  for (const [group, variables] of Object.entries(VARIABLES)) {
    lines.push('', `# ── ${group} ──`);
    for (const [name, entry] of Object.entries(variables) as [string, Variable<z.ZodType>][]) {
      lines.push(`# ${entry.about}${entry.secret === true ? ' Secret.' : ''}`, `#${name}=${entry.shown}`);
    }
  }
  return lines.join('\n') + '\n';
}
