interface ErrorRow {
  /** Whether doing the same thing again later can succeed without anybody changing a setting. */
  retryable: boolean;
  /** What the reader should do. */
  help: string;
}

/**
 * Every error the gateway raises on purpose. A code is permanent and never reused; each has a heading in docs/operate/errors.md.
 * `{name}` in a help text is filled from the error's details.
 */
const ERRORS = {
  CONFIG_INVALID: { retryable: false, help: 'Correct the variable and start again; .env.example describes each one.' },
  PORT_IN_USE: { retryable: false, help: 'Another process listens there. Stop it, or set PORT to a free port.' },
  LOCAL_SPEECH_MISSING: {
    retryable: false,
    help: 'The embedded speech parts are optional packages. Install them with "npm ci" (without --omit=optional), or set VOICE_PROVIDER to openai or nova.',
  },
  LOCAL_SPEECH_DAMAGED: {
    retryable: false,
    help: 'A vendored model file does not match its checksum. Restore it with "git checkout -- vendor".',
  },
  LOCAL_SPEECH_FAILED: {
    retryable: true,
    help: 'The embedded speech engine stopped; see the log line before this one.',
  },
  LOCAL_LLM_UNREACHABLE: {
    retryable: true,
    help: 'Check LOCAL_LLM_BASE_URL and LOCAL_LLM_MODEL, and that the server answers POST /chat/completions.',
  },
  VOICE_UNREACHABLE: {
    retryable: true,
    help: 'Check the network, the endpoint setting of that provider and its status page.',
  },
  VOICE_REFUSED: {
    retryable: false,
    help: 'Check the credentials of that provider, what they are allowed to use, and the model name.',
  },
  VOICE_THROTTLED: {
    retryable: true,
    help: 'The account takes fewer sessions or requests than it gets. Ask for a higher quota, or name another provider in VOICE_FALLBACK.',
  },
  VOICE_PROTOCOL: {
    retryable: false,
    help: 'The service did not accept what the gateway needs, or speaks another version of its protocol.',
  },
  VOICE_FAILED: { retryable: true, help: 'The service had a fault; see its status page when it goes on.' },
  VOICE_STALLED: { retryable: true, help: 'The service took the connection but gave no answer in time.' },
  VOICE_BLOCKED: { retryable: false, help: 'The service refuses this content; see its content policy.' },
  VOICE_EXPIRED: { retryable: true, help: 'The service ended the session at its own time limit.' },
  SESSION_CLOSED: { retryable: true, help: 'The voice session ended before it was ready.' },
  STORE_UNREACHABLE: {
    retryable: true,
    help: 'Check DYNAMODB_ENDPOINT_URL or the AWS credentials and region, and that the network lets the gateway reach DynamoDB.',
  },
  STORE_TABLE_MISSING: {
    retryable: false,
    help: 'Create the table named by DYNAMODB_TABLE_NAME (partition key "pk", string; TTL attribute "expires_at").',
  },
  STORE_THROTTLED: {
    retryable: true,
    help: "DynamoDB takes fewer requests than it gets. Raise the table's throughput limit, or look for what causes the requests.",
  },
  STORE_REJECTED: {
    retryable: false,
    help: 'DynamoDB refused the request; check the permissions of the credentials in use.',
  },
  EMBEDDED_STORE_MISSING: {
    retryable: false,
    help: 'The embedded store is an optional package. Install it with "npm ci" (without --omit=optional), or set USE_LOCAL_DYNAMODB=false and use a real table.',
  },
  HUBSPOT_UNREACHABLE: {
    retryable: true,
    help: 'Check HUBSPOT_BASE_URL, that the network lets the gateway reach it, and status.hubspot.com.',
  },
  HUBSPOT_THROTTLED: {
    retryable: true,
    help: 'Other programs use up the limit of the HubSpot account, or more callers are handed over than it allows.',
  },
  HUBSPOT_DAILY_LIMIT: {
    retryable: true,
    help: "The HubSpot account's requests of this day are used up; it takes new ones after midnight in its time zone.",
  },
  HUBSPOT_FAILED: { retryable: true, help: 'HubSpot had a fault; see status.hubspot.com when it goes on.' },
  HUBSPOT_REFUSED: {
    retryable: false,
    help: 'Check HUBSPOT_ACCESS_TOKEN, its scopes, HUBSPOT_API_VERSION, and the ticket pipeline and stage; see docs/build/hubspot.md.',
  },
  TOKEN_EXHAUSTED: {
    retryable: true,
    help: 'No free handover token was found in several draws; this points to a fault in the store.',
  },
} as const satisfies Record<string, ErrorRow>;

export type ErrorCode = keyof typeof ERRORS;

/** The codes with their rows, for the documentation's test. */
export const errorTable: Readonly<Record<ErrorCode, ErrorRow>> = ERRORS;

/**
 * An error with a permanent code. `message` says what happened and what to do; it never holds a secret, a transcript or
 * a handover token.
 */
export class TandemError extends Error {
  readonly code: ErrorCode;
  readonly retryable: boolean;

  constructor(code: ErrorCode, what: string, options: { cause?: unknown } = {}) {
    super(`${what} ${ERRORS[code].help} [${code}]`, options);
    this.name = 'TandemError';
    this.code = code;
    this.retryable = ERRORS[code].retryable;
  }
}

export function isTandemError(value: unknown): value is TandemError {
  return value instanceof TandemError;
}
