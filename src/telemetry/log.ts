import { pino } from 'pino';
import type { DestinationStream, Logger as PinoLogger } from 'pino';

/**
 * Writes one JSON object a line. Message text is constant, and everything that varies travels in fields. The values of
 * {@link REDACTED_FIELDS} never leave the process, at any level. A call logs through a child logger that carries
 * `call_sid` and, once known, `stream_sid`, `conversation_id` and `handover_id`.
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

/** Logged by the last handler of a process. */
export const FAULT_MESSAGE =
  'no part of the gateway caught an error; its calls move or go to an agent, and then the process ends';

/** `worker`: the name of this process in every line, for processes that share one log. */
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
    serializers: { err: describeAny },
  };
  return pino(settings, options.destination ?? standardOutput());
}

/** Lines that wait because standard output takes none; more are dropped. */
const MAX_WAITING_CHARACTERS = 1024 * 1024;

/** Standard output as a destination. A full disk or a closed terminal costs log lines, not calls. */
function standardOutput(): DestinationStream {
  const destination = pino.destination({ fd: 1, sync: true, maxLength: MAX_WAITING_CHARACTERS });
  destination.on('error', () => undefined);
  return destination;
}

/** Maximum number of errors in one description, because an error may be its own cause. */
const MAX_CAUSES = 5;

/** An error may come from an extension, and reading it may throw. A log line must never be what ends a call. */
function describeAny(error: unknown): Record<string, unknown> {
  try {
    return describeError(error, MAX_CAUSES);
  } catch {
    return { type: 'unreadable' };
  }
}

/**
 * Describes an error by type, code and stack. Only the gateway's own errors show their message, which has no personal
 * data.
 */
function describeError(error: unknown, depth: number): Record<string, unknown> {
  if (!(error instanceof Error)) return { type: typeof error };
  const { code } = error as { code?: unknown };
  const own = error.name === 'TandemError';
  return {
    type: error.name,
    ...(typeof code === 'string' || typeof code === 'number' ? { code } : {}),
    ...(own ? { message: error.message } : {}),
    stack: framesOf(error),
    ...(error.cause === undefined || depth <= 1 ? {} : { cause: describeError(error.cause, depth - 1) }),
  };
}

/**
 * Returns the first frames of the stack, without the message before them, which may have several lines of private text.
 */
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
