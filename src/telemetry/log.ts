import { pino } from 'pino';
import type { DestinationStream, Logger as PinoLogger } from 'pino';

/**
 * One JSON object a line. Message text is constant; whatever varies travels in fields, and {@link REDACTED_FIELDS} never
 * leave the process, at any level. A call's lines come from a child that carries `call_sid` and, once known,
 * `stream_sid`, `conversation_id` and `handover_id`.
 */
export type Logger = PinoLogger;

/** Field names whose values are replaced by "[redacted]", at the top level and one level down. */
export const REDACTED_FIELDS: readonly string[] = [
  'token',
  'authorization',
  'password',
  'secret',
  'pepper',
  'api_key',
  'apiKey',
  'auth_token',
  'authToken',
  'signature',
  'transcript',
  'text',
  'summary',
  'digits',
  'payload',
  'body',
  'customer_phone',
  'customer_name',
  'from',
];

/** `worker`: in every line, where several processes write to one log. */
export function createLogger(options: {
  level: string;
  worker?: string | undefined;
  destination?: DestinationStream;
}): Logger {
  const settings = {
    level: options.level,
    base: options.worker === undefined ? null : { worker: options.worker },
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    formatters: { level: (label: string) => ({ level: label }) },
    redact: { paths: REDACTED_FIELDS.flatMap((field) => [field, `*.${field}`]), censor: '[redacted]' },
    serializers: { err: describeError },
  };
  return options.destination === undefined ? pino(settings) : pino(settings, options.destination);
}

/** An error as a log field: its kind and code, and the message only of our own errors, which hold no personal data. */
function describeError(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { type: typeof error };
  const code = (error as { code?: unknown }).code;
  const own = error.name === 'TandemError';
  return {
    type: error.name,
    ...(code === undefined ? {} : { code }),
    ...(own ? { message: error.message } : {}),
    stack: framesOf(error),
    ...(error.cause === undefined ? {} : { cause: describeError(error.cause) }),
  };
}

/** The first places of the stack. Before them stands the message, which may have several lines and is not ours to show. */
function framesOf(error: Error): string[] {
  const stack = error.stack ?? '';
  const head = stack.indexOf(error.message);
  return stack
    .slice(head < 0 ? 0 : head + error.message.length)
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line.startsWith('at '))
    .slice(0, 5);
}
