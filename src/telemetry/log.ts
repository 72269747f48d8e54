import { pino } from 'pino';
import type { DestinationStream, LoggerOptions, Logger as PinoLogger } from 'pino';
import type { CallIds } from './call-ids.js';

/**
 * Writes one JSON object a line. Message text is constant, and everything that varies travels in fields. The values of
 * {@link REDACTED_FIELDS} never leave the process, at any level. Every part that logs about a call names one of its ids, `call_sid`,
 * `stream_sid`, `conversation_id` or `handover_id`, in the line or in a child logger. The others are added.
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

/** A line of a call's log. Its text is constant, so it holds nothing private. */
export interface CallLine {
  callSid: string;
  level: string;
  msg: string;
}

/**
 * `worker`: the name of this process in every line, for processes that share one log. `ids`: the ids of the calls of this
 * process, from which each line of a call gets those that it lacks. `onCallLine`: called with each line of a call that is
 * written, from level info on.
 */
export function createLogger(options: {
  level: string;
  worker?: string | undefined;
  ids?: CallIds | undefined;
  destination?: DestinationStream;
  onCallLine?: (line: CallLine) => void;
}): Logger {
  const settings = {
    level: options.level,
    base: options.worker === undefined ? null : { worker: options.worker },
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    formatters: { level: (label: string) => ({ level: label }) },
    redact: { paths: REDACTED_FIELDS.flatMap((field) => [field, `*.${field}`]), censor: '[redacted]' },
    serializers: { err: describeAny },
    ...(options.ids === undefined ? {} : addingIds(options.ids)),
  };
  const { destination = standardOutput(), onCallLine } = options;
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

/** Lines that wait because standard output takes none; more are dropped. */
const MAX_WAITING_CHARACTERS = 1024 * 1024;

/** Returns standard output as a destination. A full disk or a closed terminal costs log lines, not calls. */
export function standardOutput(): DestinationStream {
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

/** Returns the settings of a logger that adds to each line the ids of its call. */
function addingIds(ids: CallIds): Pick<LoggerOptions, 'mixin' | 'mixinMergeStrategy'> {
  return {
    mixin: (line, _level, log) => ({ ...ids.missingFrom({ ...log.bindings(), ...defined(line) }) }),
    // The fields of the line win, except those that hold nothing.
    mixinMergeStrategy: (line, missing) => ({ ...line, ...missing }),
  };
}

function defined(line: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(line).filter(([, value]) => value !== undefined));
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
