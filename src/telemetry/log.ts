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

/** A line of a call's log. Its text is constant, so it holds nothing private. */
export interface CallLine {
  callSid: string;
  level: string;
  msg: string;
}

/**
 * `worker`: the name of this process in every line, for processes that share one log. `onCallLine`: called with each line of a
 * call that is written, from level info on.
 */
export function createLogger(options: {
  level: string;
  worker?: string | undefined;
  destination?: DestinationStream;
  onCallLine?: (line: CallLine) => void;
}): Logger {
  const settings = {
    level: options.level,
    base: options.worker === undefined ? null : { worker: options.worker },
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    formatters: { level: (label: string) => ({ level: label }) },
    redact: { paths: REDACTED_FIELDS.flatMap((field) => [field, `*.${field}`]), censor: '[redacted]' },
    serializers: { err: describeError },
  };
  const { destination = pino.destination(1), onCallLine } = options;
  return pino(settings, onCallLine === undefined ? destination : overheard(destination, onCallLine));
}

const SHOWN_LEVEL = /^\{"level":"(?:info|warn|error|fatal)"/;

/** Returns a destination that also tells `onCallLine`, whose faults cost no line. */
function overheard(destination: DestinationStream, onCallLine: (line: CallLine) => void): DestinationStream {
  return {
    write: (text) => {
      destination.write(text);
      if (!SHOWN_LEVEL.test(text) || !text.includes('"call_sid":"')) return;
      try {
        const { call_sid: callSid, level, msg } = JSON.parse(text) as Record<string, unknown>;
        if (typeof callSid === 'string' && typeof msg === 'string') onCallLine({ callSid, level: String(level), msg });
      } catch {
        // Logged nowhere, because that would be a line again.
      }
    },
  };
}

/**
 * Describes an error by type, code and stack. Only the gateway's own errors show their message, which has no personal
 * data.
 */
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
