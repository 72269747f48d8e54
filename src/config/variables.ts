import { z } from 'zod';
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
} from './formats.js';
import { TRIGGERS } from '../escalation/escalation.js';

interface Description<Schema extends z.ZodType> {
  about: string;
  schema: Schema;
}

/** A setting: what it is for, how its value is written, and what holds if it is unset. */
export interface Variable<
  Schema extends z.ZodType = z.ZodType,
  Default extends string | undefined = string | undefined,
> extends Description<Schema> {
  /** Read in place of a missing value. `undefined` if there is none, or if it depends on other settings. */
  default: Default;
  /** The value in `.env.example`. */
  shown: string;
  /** Whether messages must not show the value. */
  secret: boolean;
}

/** A setting whose default is a value of its own. */
function variable<Schema extends z.ZodType>(entry: Description<Schema> & { default: string }): Variable<Schema, string>;
/** A setting without a default, or with one that depends on other settings: `about` says it, `shown` hints at it. */
function variable<Schema extends z.ZodType>(
  entry: Description<Schema> & { shown?: string },
): Variable<Schema, undefined>;
function variable(entry: Description<z.ZodType> & { default?: string; shown?: string }): Variable {
  return { ...entry, default: entry.default, shown: entry.default ?? entry.shown ?? '', secret: false };
}

function secret<Schema extends z.ZodType>(entry: Description<Schema>): Variable<Schema, undefined> {
  return { ...entry, default: undefined, shown: '', secret: true };
}

/** Every variable the gateway reads, once. `.env.example` is generated from this table. */
export const VARIABLES = {
  'Where it listens': {
    PORT: variable({
      default: '8000',
      about: 'Port for HTTP and WebSocket; 0 picks a free one.',
      schema: whole(0, 65535),
    }),
    HOST: variable({
      about: 'Address to listen on. Unset: 127.0.0.1 without a Twilio auth token, 0.0.0.0 with one.',
      schema: text,
    }),
    PUBLIC_HOST: variable({
      shown: 'localhost:PORT',
      about: 'The host Twilio knows the gateway by, without scheme. Signed URLs are built from it.',
      schema: hostName,
    }),
    STREAM_HOST: variable({
      shown: 'PUBLIC_HOST',
      about:
        'With several instances behind PUBLIC_HOST: a host that leads to this one alone. A stream then comes to the instance that announced it, which has its session ready.',
      schema: hostName,
    }),
    LOG_LEVEL: variable({
      default: 'info',
      about: 'fatal, error, warn, info, debug, trace or silent.',
      schema: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']),
    }),
  },
  'The call': {
    USE_PIPECAT: variable({
      default: 'true',
      about: 'true: the frame pipeline (the architecture of Pipecat); false: the direct bridge.',
      schema: flag,
    }),
    VOICE_PROVIDER: variable({
      default: 'local',
      about: 'Who talks: openai, nova, local, or a provider of an extension.',
      schema: text,
    }),
    VOICE_FALLBACK: variable({
      about: 'Comma list of providers that take over a live call when the current one fails, in this order.',
      schema: list,
    }),
    EXTENSIONS: variable({
      about: 'Comma list of JavaScript modules with providers and tools of your own; see docs/build.',
      schema: list,
    }),
    IDLE_PROMPT_SECONDS: variable({
      default: '10',
      about: 'A caller who says nothing for this long is asked, then asked again, then the call ends; 0: never.',
      schema: whole(0, 600),
    }),
    HUMAN_KEY: variable({
      default: '0',
      about: 'The key that asks for a human, as the first of a number; none: no key does.',
      schema: z.string().regex(/^([0-9*]|none)$/, 'expected one of 0-9 or *, or none'),
    }),
    SILENCE_ENDS_WITH: variable({
      default: 'goodbye',
      about: 'What a caller gets who stays silent when asked: goodbye, or human.',
      schema: z.enum(['goodbye', 'human']),
    }),
    ESCALATION_TRIGGERS: variable({
      default: TRIGGERS.join(','),
      about:
        'Comma list of what makes the gateway call a human; none: only a failure, or being stopped. See docs/build/escalation.md.',
      schema: triggers,
    }),
    ESCALATION_PHRASES: variable({
      about: 'JSON file with phrases of your own that ask for a human, or never do: {"asks": ["…"], "never": ["…"]}.',
      schema: text,
    }),
    ASSISTANT_PROMPT: variable({
      default: 'default',
      about:
        'Who answers: default, technical, sales, or the path of a JSON file of your own; see src/prompts/README.md.',
      schema: text,
    }),
    ASSISTANTS_FILE: variable({
      about:
        'JSON file with other assistants, voices, providers, queues and opening hours by the number called; see docs/build/assistants.md.',
      schema: text,
    }),
    MAX_VOICE_SESSIONS: variable({
      about:
        'Sessions an account allows at the same time, like nova=20,openai=100; above, callers go to the next provider or a human.',
      schema: sessionLimits,
    }),
    MAX_CALL_SECONDS: variable({
      default: '0',
      about: 'The longest a caller talks to the assistant; then a human goes on. 0: no limit.',
      schema: whole(0, 86_400),
    }),
    MAX_LOOP_DELAY_MS: variable({
      default: '100',
      about:
        'When the process does what is due later than this, again and again, new callers go straight to a human; 0: never.',
      schema: whole(0, 10_000),
    }),
    MAX_STALL_SECONDS: variable({
      default: '5',
      about:
        'A process whose event loop stands still for so long ends itself, so that its calls go on elsewhere; 0: never.',
      schema: whole(0, 600),
    }),
    MAX_CONCURRENT_CALLS: variable({
      default: '0',
      about: 'Above it, callers go straight to a human; 0 means no limit.',
      schema: whole(0, 100_000),
    }),
    DRAIN_SECONDS: variable({
      default: '110',
      about:
        'How long a stopping gateway lasts; 30 s before the end calls still live move to another instance, or go to a human.',
      schema: whole(0, 3600),
    }),
  },
  Twilio: {
    TWILIO_ACCOUNT_SID: variable({
      about:
        'Account SID (AC…). When set, calls of other accounts are refused; with TWILIO_AUTH_TOKEN Twilio is asked now and then whether a call with a human is over.',
      schema: z.string().regex(/^AC[0-9a-fA-F]{32}$/, 'expected AC followed by 32 hexadecimal digits'),
    }),
    TWILIO_AUTH_TOKEN: secret({
      about: 'Auth token; a comma list while rotating. When set, webhooks and streams must be signed.',
      schema: list,
    }),
    TWILIO_API_URL: variable({
      default: 'https://api.twilio.com',
      about:
        'Where the REST interface is, for HANDOVER_MODE=rest, for asking whether a call with a human is over, and for npm run doctor; another region has another.',
      schema: httpUrl,
    }),
    TWILIO_PHONE_NUMBER: variable({
      about: 'The number callers dial, shown to the human side as the caller id when the caller withheld theirs.',
      schema: e164,
    }),
    ALLOW_UNSIGNED_WEBHOOKS: variable({
      default: 'false',
      about: 'Accept unsigned webhooks on a public address. For a closed test network only.',
      schema: flag,
    }),
  },
  'OpenAI Realtime (VOICE_PROVIDER=openai)': {
    OPENAI_API_KEY: secret({ about: 'API key of a project that may use the Realtime API.', schema: text }),
    OPENAI_BASE_URL: variable({
      default: 'https://api.openai.com/v1',
      about: 'Another endpoint, for instance a regional one or the simulator. http: becomes ws:, https: becomes wss:.',
      schema: httpUrl,
    }),
    OPENAI_REALTIME_MODEL: variable({
      default: 'gpt-realtime-2.1',
      about: 'The speech-to-speech model.',
      schema: text,
    }),
    OPENAI_VOICE: variable({ default: 'marin', about: 'The voice it speaks with.', schema: text }),
    OPENAI_TRANSCRIPTION_MODEL: variable({
      default: 'gpt-transcribe',
      about: 'Writes down what the caller says.',
      schema: text,
    }),
    OPENAI_ORGANIZATION: variable({
      about: 'Whom to bill, when the key may use several organizations.',
      schema: headerText,
    }),
    OPENAI_PROJECT: variable({ about: 'Which project to bill, when the key may use several.', schema: headerText }),
    OPENAI_TURN_DETECTION: variable({
      default: 'server_vad',
      about: 'How the end of what the caller says is found: server_vad (by silence) or semantic_vad (by what is said).',
      schema: z.enum(['server_vad', 'semantic_vad']),
    }),
    OPENAI_VAD_THRESHOLD: variable({
      default: '0.5',
      about: 'server_vad: 0 to 1; higher asks for a louder voice.',
      schema: share,
    }),
    OPENAI_VAD_SILENCE_MS: variable({
      default: '500',
      about: 'server_vad: silence that ends what the caller says.',
      schema: whole(100, 5000),
    }),
    OPENAI_VAD_EAGERNESS: variable({
      default: 'auto',
      about:
        'semantic_vad: low, medium, high or auto; how soon a caller who sounds unfinished is answered all the same.',
      schema: z.enum(['low', 'medium', 'high', 'auto']),
    }),
    OPENAI_RENEW_AFTER_SECONDS: variable({
      default: '3300',
      about: 'When a session is renewed under a live call; the service ends it after 60 minutes.',
      schema: whole(1, 3500),
    }),
  },
  'Amazon Nova 2 Sonic (VOICE_PROVIDER=nova)': {
    NOVA_REGION: variable({
      default: 'us-east-1',
      about: 'Region of the model; apart from AWS_REGION.',
      schema: region,
    }),
    NOVA_MODEL_ID: variable({
      default: 'amazon.nova-2-sonic-v1:0',
      about: 'The speech-to-speech model.',
      schema: text,
    }),
    NOVA_VOICE: variable({ default: 'matthew', about: 'The voice it speaks with.', schema: text }),
    NOVA_SUMMARY_MODEL_ID: variable({
      about:
        "Writes the agent's summary: a text model or inference profile of Bedrock. Unset: Nova 2 Lite in the region's geography.",
      schema: text,
    }),
    AWS_ENDPOINT_URL_BEDROCK_RUNTIME: variable({
      about: "Another endpoint for the model, for instance the simulator; the AWS SDK's own name.",
      schema: httpUrl,
    }),
    NOVA_RENEW_AFTER_SECONDS: variable({
      default: '360',
      about: 'When a session is renewed under a live call; the service ends it after 8 minutes.',
      schema: whole(1, 440),
    }),
  },
  'The embedded voice (VOICE_PROVIDER=local)': {
    LOCAL_STT_MODEL: variable({
      default: 'tiny',
      about:
        'tiny, or a folder with another Moonshine model (encoder_model.onnx, decoder_model_merged.onnx, tokens.txt).',
      schema: text,
    }),
    LOCAL_LLM_BASE_URL: variable({
      about:
        'An OpenAI-compatible endpoint that does the talking, like http://127.0.0.1:11434/v1 (Ollama). Unset: a small built-in dialog.',
      schema: httpUrl,
    }),
    LOCAL_LLM_MODEL: variable({
      about: 'The model name that endpoint expects. Required with LOCAL_LLM_BASE_URL.',
      schema: text,
    }),
  },
  'Several instances': {
    REDIS_URL: secret({
      about:
        'Where calls are written down for other instances: redis://, redis+sentinel:// or redis+cluster://, with rediss for TLS; see docs/operate/several-instances.md. Unset: in memory.',
      schema: redisUrl,
    }),
    JOURNAL_KEY: secret({
      about:
        'Encrypts what is written to Redis: 32 bytes in base64 or hexadecimal, the same for all instances; a comma list while rotating. Required with REDIS_URL.',
      schema: journalKeys,
    }),
  },
  'The handover': {
    DYNAMODB_TABLE_NAME: variable({
      default: 'HandoverTokens',
      about: 'Table with partition key "pk" (string) and TTL attribute "expires_at".',
      schema: z.string().regex(/^[A-Za-z0-9_.-]{3,255}$/, 'expected a DynamoDB table name'),
    }),
    USE_LOCAL_DYNAMODB: variable({
      about:
        'true: a DynamoDB-compatible store inside the gateway. Unset: true when no AWS credentials are configured.',
      schema: flag,
    }),
    DYNAMODB_ENDPOINT_URL: variable({
      about: 'Another DynamoDB endpoint, for instance DynamoDB Local.',
      schema: httpUrl,
    }),
    AWS_REGION: variable({ default: 'us-east-1', about: 'Region of the table.', schema: region }),
    HANDOVER_TTL_SECONDS: variable({
      default: '600',
      about: 'How long a handover token can be redeemed.',
      schema: whole(30, 86_400),
    }),
    HANDOVER_SUMMARY_LANGUAGE: variable({
      default: 'en',
      about: "Language in which the model writes the agent's summary; letters that ASCII does not have are lost.",
      schema: z.string().regex(/^[a-z]{2,3}(-[A-Za-z0-9]{2,8})?$/, 'expected a language tag such as en or de-AT'),
    }),
    HANDOVER_TOKEN_PEPPER: secret({
      about: 'Key under which tokens are stored; the Lambda needs the same. Required outside local mode.',
      schema: z.string().min(16, 'expected at least 16 characters'),
    }),
    HANDOVER_CALLER_MATCH: variable({
      default: 'true',
      about:
        "When all digits are lost on the way, the human side finds the handover by the caller's number, without the conversation; give the Lambda the same.",
      schema: flag,
    }),
    CONNECT_PHONE_NUMBER: variable({
      about:
        'Number of the Amazon Connect instance. Unset: +12065550100 in local mode; otherwise no human can be reached.',
      schema: e164,
    }),
    HANDOVER_MODE: variable({
      default: 'twiml',
      about:
        'How Twilio is told to dial: twiml (it asks when the stream is over) or rest (the live call is changed; needs TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN).',
      schema: z.enum(['twiml', 'rest']),
    }),
    AFTER_FAILED_DIAL: variable({
      default: 'assistant,exhausted=goodbye',
      about:
        'What follows when nobody can be reached: assistant, voicemail, callback, again or goodbye; per outcome as busy=…, no_answer=…, failed=…, dropped=…, unavailable=…, closed=…, exhausted=… (after the third try). See docs/operate/handover.md.',
      schema: nextSteps,
    }),
    CONNECT_CHECK_AVAILABILITY: variable({
      default: 'off',
      about:
        'Ask Amazon Connect before dialling: staffed (somebody is logged in) or available (somebody is free); needs CONNECT_INSTANCE_ID and CONNECT_QUEUE_ARN or CONNECT_QUEUE_ARNS.',
      schema: z.enum(['off', 'staffed', 'available']),
    }),
    AWS_ENDPOINT_URL_CONNECT: variable({
      about: "Another endpoint for that question; the AWS SDK's own name.",
      schema: httpUrl,
    }),
    CONNECT_INSTANCE_ID: variable({ about: 'Amazon Connect instance id.', schema: text }),
    CONNECT_QUEUE_ARN: variable({
      about: 'Queue for callers whose reason has no queue of its own.',
      schema: z.string().startsWith('arn:', 'expected a queue ARN'),
    }),
    CONNECT_QUEUE_ARNS: variable({ about: 'JSON map from reason to queue ARN.', schema: queueArns }),
  },
  'HubSpot (see docs/build/hubspot.md)': {
    ENABLE_HUBSPOT: variable({
      default: 'false',
      about: 'Write a contact, a ticket and a note for every handover.',
      schema: flag,
    }),
    HUBSPOT_ACCESS_TOKEN: secret({
      about: 'Service key, or the token of a private app. Required with ENABLE_HUBSPOT.',
      schema: text,
    }),
    HUBSPOT_BASE_URL: variable({
      default: 'https://api.hubapi.com',
      about: 'Another endpoint, for instance the simulator.',
      schema: httpUrl,
    }),
    HUBSPOT_API_VERSION: variable({
      default: '2026-03',
      about: 'A dated version of the API, or v3 for the legacy paths.',
      schema: z.string().regex(/^(v3|20\d\d-(03|09))$/, 'expected v3, or a dated version like 2026-03'),
    }),
    HUBSPOT_TICKET_PIPELINE: variable({
      default: '0',
      about: 'Internal id of the pipeline that gets the tickets.',
      schema: text,
    }),
    HUBSPOT_TICKET_STAGE: variable({
      default: '1',
      about: 'Internal id of the stage of that pipeline a new ticket begins in.',
      schema: text,
    }),
  },
} as const;

type Groups = typeof VARIABLES;
type AllVariables = UnionToIntersection<Groups[keyof Groups]>;
type UnionToIntersection<U> = (U extends unknown ? (x: U) => void : never) extends (x: infer I) => void ? I : never;
/** The value of every setting, as its schema parsed it: what was set, else the default. `undefined` if there is neither. */
export type Values = {
  [Name in keyof AllVariables]: AllVariables[Name] extends Variable<infer Schema, infer Default>
    ? z.infer<Schema> | (Default extends string ? never : undefined)
    : never;
};

/** The text of `.env.example`. */
export function exampleEnvironment(): string {
  const lines = [
    '# Every setting of the gateway. Generated from src/config/variables.ts by "node scripts/generate.mjs"; do not edit.',
    '# Nothing here is needed to try it: "npm start" without any setting runs everything embedded.',
  ];
  for (const [group, variables] of Object.entries(VARIABLES)) {
    lines.push('', `# ── ${group} ──`);
    for (const [name, entry] of Object.entries(variables) as [string, Variable][]) {
      lines.push(`# ${entry.about}${entry.secret ? ' Secret.' : ''}`, `#${name}=${entry.shown}`);
    }
  }
  return lines.join('\n') + '\n';
}
