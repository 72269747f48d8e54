import { z } from 'zod';
import {
  authTokens,
  consoleToken,
  credential,
  credentials,
  e164,
  flag,
  headerText,
  hostName,
  hostNames,
  httpUrl,
  journalKeys,
  keyValues,
  list,
  listenAddress,
  nextSteps,
  queueArns,
  redisUrl,
  sessionLimits,
  share,
  shared,
  text,
  triggers,
  whole,
} from './formats.js';
import { TRIGGERS } from '../escalation/escalation.js';
import { SHARED_DEFAULTS, SHARED_FORMATS } from '../handover/shared-settings.js';

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

/** Every setting the gateway reads, once. `.env.example` is generated from this table. */
export const VARIABLES = {
  'Address and logging': {
    ENV_FILE: variable({
      default: '.env',
      about:
        'File of settings that every command reads from its working directory. What the environment says wins. none: no file is read. It has to be in the environment itself.',
      schema: text,
    }),
    PORT: variable({
      default: '8000',
      about: 'Port for HTTP and WebSocket. 0 picks a free one.',
      schema: whole(0, 65535),
    }),
    HOST: variable({
      about: 'Address to listen on. Unset: 0.0.0.0 if TWILIO_AUTH_TOKEN is set, else 127.0.0.1.',
      schema: listenAddress,
    }),
    PUBLIC_HOST: variable({
      shown: 'localhost:PORT',
      about:
        'Host name by which Twilio reaches the gateway, in small letters, without a scheme, and with a port if it is not 443. The URLs that Twilio signs are built from it.',
      schema: hostName,
    }),
    STREAM_HOST: variable({
      shown: 'PUBLIC_HOST',
      about:
        'With several instances behind PUBLIC_HOST: a host name that leads to this instance alone. Each stream then reaches the instance that has its voice session ready. See docs/operate/several-instances.md.',
      schema: hostName,
    }),
    KEEP_ALIVE_SECONDS: variable({
      default: '75',
      about:
        'How long an idle HTTP connection stays open. It must be longer than the balancer in front keeps its connections (60 s at an AWS load balancer). Otherwise a request of Twilio can meet a connection that the gateway is closing.',
      schema: whole(5, 3600),
    }),
    METRICS_PORT: variable({
      about:
        'Port for /metrics alone. Keep it away from the public. Unset: /metrics is on PORT, and answers only loopback and private addresses, and no request that a proxy forwarded.',
      schema: whole(0, 65535),
    }),
    LOG_LEVEL: variable({
      default: 'info',
      about: 'Lowest level that is logged: fatal, error, warn, info, debug or trace. silent turns the log off.',
      schema: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']),
    }),
  },
  'The assistant': {
    VOICE_PROVIDER: variable({
      default: 'local',
      about:
        'Voice provider that answers calls: openai, nova, local (embedded, needs no account), or the name of a provider from EXTENSIONS.',
      schema: text,
    }),
    VOICE_FALLBACK: variable({
      about: 'Comma-separated providers that take over a live call, in this order, when the current one fails.',
      schema: list,
    }),
    ASSISTANT_PROMPT: variable({
      default: 'default',
      about:
        'Assistant that answers: default, technical, sales, or the path of a JSON file of your own. See src/prompts/README.md.',
      schema: text,
    }),
    ASSISTANTS_FILE: variable({
      about:
        'JSON file with other assistants, voices, providers, queues and opening hours by the number called. See docs/build/assistants.md. Unset: all numbers are answered alike.',
      schema: text,
    }),
    TAPE_DIR: variable({
      about:
        'Folder in which every call is recorded to a file, with the voices and words of both sides: personal data. See docs/operate/tapes.md. Unset: nothing is recorded.',
      schema: text,
    }),
    EXTENSIONS: variable({
      about:
        'Comma-separated JavaScript modules with your own providers, tools and frame processors. See docs/build/extensions.md.',
      schema: list,
    }),
    IDLE_PROMPT_SECONDS: variable({
      default: '10',
      about:
        'Silence after which the assistant asks whether the caller is still there. It asks twice, then SILENCE_ENDS_WITH applies. 0 disables this.',
      schema: whole(0, 600),
    }),
    USE_PIPECAT: variable({
      default: 'true',
      about:
        'true: audio passes the frame pipeline (the architecture of Pipecat). false: it passes the direct bridge, which behaves alike.',
      schema: flag,
    }),
  },
  'When a human is needed (see docs/build/escalation.md)': {
    ESCALATION_TRIGGERS: variable({
      default: TRIGGERS.join(','),
      about:
        'Comma-separated triggers that transfer a call to a human. none: no trigger does; failures, MAX_CALL_SECONDS and a stopping gateway still do.',
      schema: triggers,
    }),
    ESCALATION_PHRASES: variable({
      about: 'JSON file, {"asks": ["…"], "never": ["…"]}, with your own phrases that ask for a human or never do.',
      schema: text,
    }),
    HUMAN_KEY: variable({
      default: '0',
      about: 'Key that asks for a human if the caller presses it first: 0-9 or *. none: no key does.',
      schema: z.string().regex(/^([0-9*]|none)$/, 'expected one of 0-9 or *, or none'),
    }),
    SILENCE_ENDS_WITH: variable({
      default: 'goodbye',
      about:
        'What follows when the caller stays silent although asked twice: goodbye (the call ends) or human (a transfer).',
      schema: z.enum(['goodbye', 'human']),
    }),
    MAX_CALL_SECONDS: variable({
      default: '3600',
      about: 'Maximum time a caller talks to the assistant. Then the call is transferred to a human. 0: no limit.',
      schema: whole(0, 86_400),
    }),
    MAX_UNANSWERED_TURNS: variable({
      default: '20',
      about:
        "Maximum number of times in a row the assistant speaks without a word from the caller's side, as with hold music or a television. Then SILENCE_ENDS_WITH applies. 0: no limit.",
      schema: whole(0, 1000),
    }),
  },
  'Load and shutdown': {
    MAX_CONCURRENT_CALLS: variable({
      default: '0',
      about: 'Maximum number of calls at the same time. Callers above it go straight to a human. 0: no limit.',
      schema: whole(0, 100_000),
    }),
    MAX_VOICE_SESSIONS: variable({
      about:
        'Maximum number of sessions that your account allows at the same time, by provider, like nova=20,openai=100. Callers above it go to the next provider, or to a human. Unset: no limit.',
      schema: sessionLimits,
    }),
    MAX_LOOP_DELAY_MS: variable({
      default: '100',
      about:
        'Maximum event-loop delay. While it is exceeded, new callers go straight to a human. 0 disables the check.',
      schema: whole(0, 10_000),
    }),
    MAX_STALL_SECONDS: variable({
      default: '5',
      about:
        'Maximum time the event loop may stand still. Then the process ends itself, so that another instance takes over its calls. 0 disables the check.',
      schema: whole(0, 600),
    }),
    DRAIN_SECONDS: variable({
      default: '110',
      about:
        'Maximum time a stopping gateway takes. Calls may finish until 30 s before its end; then they move to another instance, or go to a human.',
      schema: whole(0, 3600),
    }),
  },
  Twilio: {
    TWILIO_ACCOUNT_SID: variable({
      about:
        'Account SID (AC…). If it is set, calls of other accounts are refused. With TWILIO_AUTH_TOKEN, the gateway also asks Twilio every few minutes whether a transferred call has ended.',
      schema: z.string().regex(/^AC[0-9a-fA-F]{32}$/, 'expected AC followed by 32 hexadecimal digits'),
    }),
    TWILIO_AUTH_TOKEN: secret({
      about:
        'Auth token; a comma-separated list during a rotation. If it is set, webhooks and streams without a valid signature are refused.',
      schema: authTokens,
    }),
    TWILIO_WEBHOOK_SHARED_KEYS: secret({
      about:
        "Comma-separated shared keys of the account's webhook rules. What Twilio signs with one of them is accepted, too. The request's header names the algorithm. Needs TWILIO_AUTH_TOKEN.",
      schema: credentials,
    }),
    TWILIO_API_URL: variable({
      default: 'https://api.twilio.com',
      about:
        'Base URL of the REST API, which differs by Twilio region. Used by HANDOVER_MODE=rest, for questions about transferred calls, and by "npm run doctor".',
      schema: httpUrl,
    }),
    TWILIO_PHONE_NUMBER: variable({
      about:
        'Number that callers dial, in E.164 form. The agent sees it as the caller ID if the caller withheld theirs.',
      schema: e164,
    }),
    ALLOW_UNSIGNED_WEBHOOKS: variable({
      default: 'false',
      about: 'true: accept unsigned webhooks on a public address. Use it on a closed test network only.',
      schema: flag,
    }),
  },
  'OpenAI Realtime (VOICE_PROVIDER=openai, see docs/models/openai-realtime.md)': {
    OPENAI_API_KEY: secret({
      about:
        'API key of a project that may use the Realtime API. Required if VOICE_PROVIDER or VOICE_FALLBACK names openai.',
      schema: credential,
    }),
    OPENAI_BASE_URL: variable({
      default: 'https://api.openai.com/v1',
      about:
        'Base URL of the API, for instance of a regional endpoint or the simulator. For WebSocket, http: becomes ws: and https: becomes wss:.',
      schema: httpUrl,
    }),
    OPENAI_REALTIME_MODEL: variable({
      default: 'gpt-realtime-2.1',
      about: 'Speech-to-speech model.',
      schema: headerText,
    }),
    OPENAI_VOICE: variable({ default: 'marin', about: 'Voice of the model.', schema: headerText }),
    OPENAI_TRANSCRIPTION_MODEL: variable({
      default: 'gpt-transcribe',
      about: 'Model that transcribes what the caller says.',
      schema: headerText,
    }),
    OPENAI_ORGANIZATION: variable({
      about: 'Organization to bill, if the key may use several.',
      schema: headerText,
    }),
    OPENAI_PROJECT: variable({ about: 'Project to bill, if the key may use several.', schema: headerText }),
    OPENAI_TURN_DETECTION: variable({
      default: 'server_vad',
      about:
        "How the end of the caller's turn is detected: server_vad (by silence) or semantic_vad (by what was said).",
      schema: z.enum(['server_vad', 'semantic_vad']),
    }),
    OPENAI_VAD_THRESHOLD: variable({
      default: '0.5',
      about: 'For server_vad: threshold of speech, from 0 to 1. A higher value needs a louder voice.',
      schema: share,
    }),
    OPENAI_VAD_SILENCE_MS: variable({
      default: '500',
      about: "For server_vad: silence that ends the caller's turn.",
      schema: whole(100, 5000),
    }),
    OPENAI_VAD_EAGERNESS: variable({
      default: 'auto',
      about: 'For semantic_vad: how soon a caller who sounds unfinished is answered: low, medium, high or auto.',
      schema: z.enum(['low', 'medium', 'high', 'auto']),
    }),
    OPENAI_RENEW_AFTER_SECONDS: variable({
      default: '3300',
      about: 'Age at which a session is renewed during a call. The service ends a session after 60 minutes.',
      schema: whole(1, 3500),
    }),
  },
  'Amazon Nova 2 Sonic (VOICE_PROVIDER=nova, see docs/models/nova-sonic.md)': {
    NOVA_REGION: variable({
      default: 'us-east-1',
      about: 'AWS region of the model and of the summary that it writes, independent of AWS_REGION.',
      schema: shared(SHARED_FORMATS.AWS_REGION),
    }),
    NOVA_MODEL_ID: variable({
      default: 'amazon.nova-2-sonic-v1:0',
      about: 'Speech-to-speech model.',
      schema: headerText,
    }),
    NOVA_VOICE: variable({ default: 'matthew', about: 'Voice of the model.', schema: headerText }),
    NOVA_ENDPOINTING: variable({
      about:
        "How soon a pause ends the caller's turn: HIGH is the shortest pause, then MEDIUM, then LOW. Unset: the service's own.",
      schema: z.enum(['LOW', 'MEDIUM', 'HIGH']),
    }),
    NOVA_SUMMARY_MODEL_ID: variable({
      about:
        "Bedrock text model or inference profile that writes the agent's summary. It is called in NOVA_REGION. Unset: Nova 2 Lite through the inference profile of that region's geography.",
      schema: headerText,
    }),
    AWS_ENDPOINT_URL_BEDROCK_RUNTIME: variable({
      about: "Another endpoint for the model, for instance the simulator. The name is the AWS SDK's own.",
      schema: httpUrl,
    }),
    NOVA_RENEW_AFTER_SECONDS: variable({
      default: '360',
      about: 'Age at which a session is renewed during a call. The service ends a session after 8 minutes.',
      schema: whole(1, 440),
    }),
  },
  'The embedded voice (VOICE_PROVIDER=local)': {
    LOCAL_STT_MODEL: variable({
      default: 'tiny',
      about:
        'Speech recognition model: tiny, or a folder with another Moonshine model (encoder_model.onnx, decoder_model_merged.onnx, tokens.txt).',
      schema: text,
    }),
    LOCAL_TTS_MODEL: variable({
      about:
        "Folder with a voice model of your own (Piper, Matcha, Kokoro or Kitten as sherpa-onnx publishes them), for the assistant and for the gateway's own lines. Unset: the embedded English voice.",
      schema: text,
    }),
    LOCAL_TTS_BASE_URL: variable({
      about:
        'OpenAI-compatible speech endpoint in place of LOCAL_TTS_MODEL, like http://127.0.0.1:8880/v1. The gateway posts to its /audio/speech.',
      schema: httpUrl,
    }),
    LOCAL_LLM_BASE_URL: variable({
      about:
        'OpenAI-compatible chat endpoint that writes the answers, like http://127.0.0.1:11434/v1 (Ollama). Unset: a small built-in dialog.',
      schema: httpUrl,
    }),
    LOCAL_LLM_MODEL: variable({
      about: 'Name of the model at that endpoint. Required with LOCAL_LLM_BASE_URL.',
      schema: text,
    }),
  },
  'Several instances (see docs/operate/several-instances.md)': {
    REDIS_URL: secret({
      about:
        'Redis in which instances share their calls: redis://, redis+sentinel:// or redis+cluster://, with rediss for TLS. Unset: each instance keeps its calls in memory.',
      schema: redisUrl,
    }),
    JOURNAL_KEY: secret({
      about:
        'Key that encrypts the calls in Redis: 32 bytes in base64 or hexadecimal, the same for all instances. During a rotation a comma-separated list, of which the first key encrypts. Required with REDIS_URL.',
      schema: journalKeys,
    }),
  },
  'The handover to Amazon Connect (see docs/operate/handover.md)': {
    CONNECT_PHONE_NUMBER: variable({
      about:
        'Number of the Amazon Connect instance, which is dialled for a transfer. Unset: +12065550100 in local mode; otherwise no human can be reached.',
      schema: e164,
    }),
    CONNECT_QUEUE_ARN: variable({
      about: 'Queue for callers whose reason has no queue in CONNECT_QUEUE_ARNS.',
      schema: z.string().startsWith('arn:', 'expected a queue ARN'),
    }),
    CONNECT_QUEUE_ARNS: variable({
      about: 'JSON object of queue ARNs by reason, like {"billing":"arn:aws:connect:…:queue/…"}.',
      schema: queueArns,
    }),
    CONNECT_CHECK_AVAILABILITY: variable({
      default: 'off',
      about:
        'What the gateway asks Amazon Connect before it dials: staffed (is an agent logged in?), available (is an agent free?), or off. Needs CONNECT_INSTANCE_ID, and CONNECT_QUEUE_ARN or CONNECT_QUEUE_ARNS.',
      schema: z.enum(['off', 'staffed', 'available']),
    }),
    CONNECT_INSTANCE_ID: variable({ about: 'Id of the Amazon Connect instance.', schema: headerText }),
    AWS_ENDPOINT_URL_CONNECT: variable({
      about: "Another endpoint for CONNECT_CHECK_AVAILABILITY. The name is the AWS SDK's own.",
      schema: httpUrl,
    }),
    HANDOVER_MODE: variable({
      default: 'twiml',
      about:
        'How Twilio is told to dial. twiml: in the answer to its request after the stream has ended. rest: by a change of the live call, which needs TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN.',
      schema: z.enum(['twiml', 'rest']),
    }),
    AFTER_FAILED_DIAL: variable({
      default: 'assistant,exhausted=goodbye',
      about:
        'What follows when no human can be reached: assistant, voicemail, callback, again or goodbye. Set it for one outcome with busy=…, no_answer=…, failed=…, dropped=…, unavailable=…, closed=… or exhausted=… (after the third attempt).',
      schema: nextSteps,
    }),
    HANDOVER_TTL_SECONDS: variable({
      default: '600',
      about: 'How long a handover token can be redeemed.',
      schema: whole(30, 86_400),
    }),
    HANDOVER_TOKEN_PEPPER: secret({
      about:
        'Key under which tokens are stored, at least 16 characters. The Lambda needs the same, in this variable or, from Secrets Manager, by HANDOVER_TOKEN_PEPPER_SECRET_ARN. Required outside local mode.',
      schema: shared(SHARED_FORMATS.HANDOVER_TOKEN_PEPPER),
    }),
    HANDOVER_CALLER_MATCH: variable({
      default: SHARED_DEFAULTS.HANDOVER_CALLER_MATCH,
      about:
        "true: if every digit of a token is lost, the Lambda finds the handover by the caller's number, without the conversation. Set the Lambda's variable alike. See docs/operate/handover-by-number.md.",
      schema: shared(SHARED_FORMATS.HANDOVER_CALLER_MATCH),
    }),
    HANDOVER_SUMMARY_LANGUAGE: variable({
      default: 'en',
      about: 'Language of the summary that the model writes for the agent. Letters outside ASCII are lost.',
      schema: z.string().regex(/^[a-z]{2,3}(-[A-Za-z0-9]{2,8})?$/, 'expected a language tag such as en or de-AT'),
    }),
    DYNAMODB_TABLE_NAME: variable({
      shown: SHARED_DEFAULTS.DYNAMODB_TABLE_NAME,
      about: `Table with the partition key "pk" (string) and the TTL attribute "expires_at". To name one switches local mode off, unless USE_LOCAL_DYNAMODB says otherwise. Unset: ${SHARED_DEFAULTS.DYNAMODB_TABLE_NAME}.`,
      schema: shared(SHARED_FORMATS.DYNAMODB_TABLE_NAME),
    }),
    AWS_REGION: variable({
      default: SHARED_DEFAULTS.AWS_REGION,
      about: 'AWS region of the table and of the Amazon Connect instance.',
      schema: shared(SHARED_FORMATS.AWS_REGION),
    }),
    USE_LOCAL_DYNAMODB: variable({
      about:
        'true: local mode, with a DynamoDB-compatible store in the memory of the gateway. false: a table in AWS. Unset: local mode if neither TWILIO_AUTH_TOKEN nor DYNAMODB_TABLE_NAME is set. AWS credentials make no difference.',
      schema: flag,
    }),
    DYNAMODB_ENDPOINT_URL: variable({
      about:
        'Another DynamoDB endpoint, for instance DynamoDB Local. In local mode it replaces the store inside the gateway, and the gateway creates the table there if it is missing. Outside local mode the table must exist.',
      schema: shared(SHARED_FORMATS.DYNAMODB_ENDPOINT_URL),
    }),
  },
  'The console (see docs/operate/console.md)': {
    CONSOLE_TOKEN: secret({
      about:
        'Password of the console, at least 16 characters long to be safe. Unset: the console answers only this machine itself, and asks for no password. Set: it answers everybody who knows the token.',
      schema: consoleToken,
    }),
    CONSOLE_TRANSCRIPTS: variable({
      about:
        "true: the console shows what is said and whole telephone numbers. Unset: true without TWILIO_AUTH_TOKEN as long as HOST and PUBLIC_HOST are this machine's own names, so that no real caller is meant; else false.",
      schema: flag,
    }),
    CONSOLE_HOSTS: variable({
      about:
        'Comma-separated host names besides PUBLIC_HOST under which the console may be asked with CONSOLE_TOKEN, for instance of an internal load balancer.',
      schema: hostNames,
    }),
  },
  'HubSpot (see docs/build/hubspot.md)': {
    ENABLE_HUBSPOT: variable({
      default: 'false',
      about: 'true: write a contact, a ticket and a note for every handover.',
      schema: flag,
    }),
    HUBSPOT_ACCESS_TOKEN: secret({
      about: 'Service key, or the token of a private app. Required with ENABLE_HUBSPOT=true.',
      schema: credential,
    }),
    HUBSPOT_BASE_URL: variable({
      default: 'https://api.hubapi.com',
      about: 'Base URL of the API, for instance of the simulator.',
      schema: httpUrl,
    }),
    HUBSPOT_API_VERSION: variable({
      default: '2026-03',
      about: 'Dated version of the API, or v3 for the legacy paths.',
      schema: z.string().regex(/^(v3|20\d\d-(03|09))$/, 'expected v3, or a dated version like 2026-03'),
    }),
    HUBSPOT_TICKET_PIPELINE: variable({
      default: '0',
      about: 'Internal id of the pipeline that gets the tickets.',
      schema: text,
    }),
    HUBSPOT_TICKET_STAGE: variable({
      default: '1',
      about: 'Internal id of the stage of that pipeline in which a new ticket begins.',
      schema: text,
    }),
  },
  'Traces (see docs/operate/traces.md) and metrics for CloudWatch (see docs/operate/metrics.md)': {
    OTEL_EXPORTER_OTLP_ENDPOINT: variable({
      about:
        'Base URL of an OpenTelemetry collector for OTLP over HTTP, like http://localhost:4318. Each call is then a trace, which is sent to its path /v1/traces. Unset: no traces, and the SDK of OpenTelemetry is not loaded.',
      schema: httpUrl,
    }),
    OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: variable({
      about: 'URL for traces alone, as it is, in place of OTEL_EXPORTER_OTLP_ENDPOINT.',
      schema: httpUrl,
    }),
    OTEL_EXPORTER_OTLP_HEADERS: secret({
      about: 'Headers of each request to the collector, like api-key=…,tenant=a. Values are percent-encoded.',
      schema: keyValues,
    }),
    OTEL_EXPORTER_OTLP_TRACES_HEADERS: secret({
      about: 'The same for traces alone. They are added, and win over OTEL_EXPORTER_OTLP_HEADERS.',
      schema: keyValues,
    }),
    OTEL_EXPORTER_OTLP_TIMEOUT: variable({
      default: '10000',
      about: 'Maximum time for one request to the collector, in milliseconds, retries included.',
      schema: whole(1, 600_000),
    }),
    OTEL_EXPORTER_OTLP_COMPRESSION: variable({
      default: 'none',
      about: 'none or gzip.',
      schema: z.enum(['none', 'gzip']),
    }),
    OTEL_EXPORTER_OTLP_PROTOCOL: variable({
      default: 'http/protobuf',
      about: 'Only http/protobuf is spoken.',
      schema: text,
    }),
    OTEL_TRACES_EXPORTER: variable({
      default: 'otlp',
      about: 'otlp, or none for no traces.',
      schema: text,
    }),
    OTEL_SDK_DISABLED: variable({
      default: 'false',
      about: 'true: no traces, whatever else is set.',
      schema: flag,
    }),
    OTEL_SERVICE_NAME: variable({
      default: 'tandem',
      about: 'Name of the service in traces.',
      schema: text,
    }),
    OTEL_RESOURCE_ATTRIBUTES: variable({
      about: 'What else describes this process in traces, like deployment.environment.name=production.',
      schema: keyValues,
    }),
    OTEL_TRACES_SAMPLER: variable({
      default: 'parentbased_always_on',
      about:
        'Which traces are sent: always_on, always_off, traceidratio, or one of these after parentbased_, which makes no difference, because a call has no parent. Calls in which something has failed are always sent.',
      schema: text,
    }),
    OTEL_TRACES_SAMPLER_ARG: variable({
      default: '1',
      about: 'Share of the traces that are sent, from 0 to 1, for the samplers by ratio.',
      schema: share,
    }),
    OTEL_PROPAGATORS: variable({
      default: 'tracecontext,baggage',
      about:
        "Whose headers in Twilio's requests become a link from the webhook's span: tracecontext, xray or none. xray is for an AWS load balancer. baggage is accepted and not read.",
      schema: list,
    }),
    OTEL_BSP_MAX_QUEUE_SIZE: variable({
      default: '2048',
      about: 'Maximum number of spans that wait to be sent. Further ones are dropped and counted.',
      schema: whole(1, 1_000_000),
    }),
    OTEL_BSP_MAX_EXPORT_BATCH_SIZE: variable({
      default: '512',
      about: 'Maximum number of spans in one request.',
      schema: whole(1, 100_000),
    }),
    OTEL_BSP_SCHEDULE_DELAY: variable({
      default: '5000',
      about: 'Maximum time a span waits for others, in milliseconds.',
      schema: whole(1, 600_000),
    }),
    METRICS_EMF_NAMESPACE: variable({
      about:
        "Namespace of metrics in CloudWatch's embedded metric format, like Tandem/production. The gateway then writes a line of them to standard output. Unset: none.",
      schema: z
        .string()
        .regex(/^(?!AWS\/)[\w./#:-]{1,255}$/, 'expected a namespace of CloudWatch, which does not begin with AWS/'),
    }),
    METRICS_EMF_SECONDS: variable({
      default: '60',
      about: 'How often that line is written.',
      schema: whole(1, 3600),
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

const HEADER = [
  'Generated from src/config/variables.ts by "node scripts/generate.mjs". Do not edit.',
  'Every setting of the gateway with its default. None is required: "npm start" without any runs everything embedded.',
  'To change some, copy this file to .env and remove the "#" before their names. An empty value counts as unset.',
  'Every command reads .env in its working directory, with quotation marks and comments as Node reads them, and says so. What the environment says wins. "docker run --env-file" keeps quotation marks and comments; write the file for it without them.',
];
const LINE_CHARACTERS = 100;

/** The text of `.env.example`. */
export function exampleEnvironment(): string {
  const lines = HEADER.flatMap(comment);
  for (const [group, variables] of Object.entries(VARIABLES)) {
    lines.push('', `# ── ${group} ──`);
    for (const [name, { about, secret, shown }] of Object.entries(variables) as [string, Variable][]) {
      lines.push('', ...comment(`${about}${secret ? ' Secret.' : ''}`), `#${name}=${shown}`);
    }
  }
  return lines.join('\n') + '\n';
}

/** `text` as comment lines, broken between words. */
function comment(text: string): string[] {
  const lines = ['#'];
  for (const word of text.split(' ')) {
    const longer = `${lines.at(-1)} ${word}`;
    if (longer.length <= LINE_CHARACTERS) lines[lines.length - 1] = longer;
    else lines.push(`# ${word}`);
  }
  return lines;
}
