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

/** How a variable is documented in `.env.example` and named in an error. */
export interface Variable<Schema extends z.ZodType> {
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
      'Comma list of JavaScript modules with providers and tools of your own; see docs/build.',
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
      'Comma list of what makes the gateway call a human; none: only a failure, or being stopped. See docs/build/escalation.md.',
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
      'JSON file with other assistants, voices, providers, queues and opening hours by the number called; see docs/build/assistants.md.',
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
    MAX_STALL_SECONDS: variable(
      '5',
      'A process whose event loop stands still for so long ends itself, so that its calls go on elsewhere; 0: never.',
      whole(0, 600),
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
      'Account SID (AC…). When set, calls of other accounts are refused; with TWILIO_AUTH_TOKEN Twilio is asked now and then whether a call with a human is over.',
      z.string().regex(/^AC[0-9a-fA-F]{32}$/, 'expected AC followed by 32 hexadecimal digits'),
    ),
    TWILIO_AUTH_TOKEN: secret(
      'Auth token; a comma list while rotating. When set, webhooks and streams must be signed.',
      list,
    ),
    TWILIO_API_URL: variable(
      'https://api.twilio.com',
      'Where the REST interface is, for HANDOVER_MODE=rest, for asking whether a call with a human is over, and for npm run doctor; another region has another.',
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
      'Where calls are written down for other instances: redis://, redis+sentinel:// or redis+cluster://, with rediss for TLS; see docs/operate/several-instances.md. Unset: in memory.',
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
      'What follows when nobody can be reached: assistant, voicemail, callback, again or goodbye; per outcome as busy=…, no_answer=…, failed=…, dropped=…, unavailable=…, closed=…, exhausted=… (after the third try). See docs/operate/handover.md.',
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
  'HubSpot (see docs/build/hubspot.md)': {
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
/** What was set, as its format gives it. */
export type Values = {
  [Name in keyof AllVariables]: AllVariables[Name] extends Variable<infer S> ? z.infer<S> | undefined : never;
};

/** The text of `.env.example`. */
export function exampleEnvironment(): string {
  const lines = [
    '# Every setting of the gateway. Generated from src/config-variables.ts by "node scripts/generate.mjs"; do not edit.',
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
