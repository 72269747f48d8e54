import type { ServerError, TokenUsage, WireAnomaly } from '../openai/server-events.js';
import { tokenCount } from '../token-count.js';

/**
 * An event of a GPT-Live session (OpenAI: GPT-Live – server events; npm openai 7.59.0, resources/live). Only what the
 * gateway uses is kept, checked by hand. Unknown types are counted and unknown fields are ignored.
 */
export type LiveEvent =
  | {
      type: 'started';
      sessionId: string | undefined;
      expiresAtS: number | undefined;
      /** The audio format in both directions. `undefined` if the service does not repeat it. */
      format: string | undefined;
    }
  /** Base64 of audio in the session's format. It has no time, no id and no end. */
  | { type: 'audio'; audio: string }
  /** A piece of the transcript of either side. The times are milliseconds of the session. */
  | { type: 'caller-words' | 'model-words'; text: string; startMs: number; endMs: number }
  /** The model hands a task to the backend. What the task is, the event does not say. */
  | { type: 'delegated'; delegationId: string; target: string }
  | BackendEvent
  | { type: 'closed'; reason: string; seconds: number | undefined }
  | { type: 'error'; error: ServerError };

/** An event of the Responses API, in an envelope with the delegation that it belongs to. `''` if it names none. */
export type BackendEvent =
  | { type: 'backend-started'; delegationId: string }
  | { type: 'backend-call'; delegationId: string; toolCallId: string; name: string; arguments: string }
  | { type: 'backend-done'; delegationId: string; status: 'completed' | 'failed'; usage: TokenUsage | undefined };

export type ParsedLiveEvent = { ok: true; event: LiveEvent | undefined } | { ok: false; anomaly: WireAnomaly };

const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;
/** The path of a field, such as `session.delegation.responses.tools[0].name`. */
const PARAM = /^[A-Za-z0-9_.[\]-]{1,96}$/;
/** A code that may be logged as it is. */
const CODE = /^[A-Za-z0-9_.-]{1,64}$/;
/** Maximum length of one piece of a transcript. A piece is a few words. */
const MAX_WORDS_CHARS = 4000;

/** Event types that are known and not used. */
const IGNORED: ReadonlySet<string> = new Set([
  'info',
  'session.updated',
  'session.usage.updated',
  'session.instructions.appended',
  'session.thinking.appended',
  'session.commentary.appended',
  'session.input_audio.muted',
  'session.input_audio.unmuted',
]);

const MALFORMED: ParsedLiveEvent = { ok: false, anomaly: 'malformed-event' };
const NOTHING: ParsedLiveEvent = { ok: true, event: undefined };

type Fields = Record<string, unknown>;

/** Parses one text message. Never throws. `event` is `undefined` for a type that is known and not used. */
export function parseLiveEvent(data: string): ParsedLiveEvent {
  let value: unknown;
  try {
    value = JSON.parse(data);
  } catch {
    return { ok: false, anomaly: 'not-json' };
  }
  if (!isFields(value) || typeof value['type'] !== 'string') return MALFORMED;
  const { type } = value;
  switch (type) {
    case 'session.output_audio.delta':
      return found(audio(value));
    case 'session.input_transcript.delta':
      return found(words('caller-words', value));
    case 'session.output_transcript.delta':
      return found(words('model-words', value));
    case 'session.started':
      return found(started(value));
    case 'session.delegation.created':
      return found(delegated(value));
    case 'response.event':
      return backend(value);
    case 'session.closed':
      return found({ type: 'closed', reason: codeOf(value['reason']), seconds: secondsOf(value) });
    case 'error':
      return found(failure(value));
    default:
      return IGNORED.has(type) ? NOTHING : { ok: false, anomaly: 'unknown-event' };
  }
}

function found(event: LiveEvent | undefined): ParsedLiveEvent {
  return event === undefined ? MALFORMED : { ok: true, event };
}

function audio({ delta }: Fields): LiveEvent | undefined {
  if (typeof delta !== 'string' || delta.length % 4 !== 0 || !BASE64.test(delta)) return undefined;
  return { type: 'audio', audio: delta };
}

function words(type: 'caller-words' | 'model-words', fields: Fields): LiveEvent | undefined {
  const { delta, end_ms: endMs, start_ms: startMs } = fields;
  if (typeof delta !== 'string' || delta.length > MAX_WORDS_CHARS) return undefined;
  if (!isTime(startMs) || !isTime(endMs)) return undefined;
  return { type, text: delta, startMs, endMs: Math.max(startMs, endMs) };
}

function started({ session }: Fields): LiveEvent | undefined {
  if (!isFields(session)) return undefined;
  const { expires_at: expiresAt, id } = session;
  const { audio } = session;
  const format = isFields(audio) ? audio['format'] : undefined;
  return {
    type: 'started',
    sessionId: typeof id === 'string' && CODE.test(id) ? id : undefined,
    expiresAtS: isTime(expiresAt) ? expiresAt : undefined,
    format: isFields(format) ? codeOf(format['type'], /^[a-z0-9/]{1,32}$/) : undefined,
  };
}

function delegated({ delegation }: Fields): LiveEvent | undefined {
  if (!isFields(delegation) || !isId(delegation['id'])) return undefined;
  return { type: 'delegated', delegationId: delegation['id'], target: codeOf(delegation['target']) };
}

function backend(fields: Fields): ParsedLiveEvent {
  const { event } = fields;
  if (!isFields(event) || typeof event['type'] !== 'string') return MALFORMED;
  const id = fields['delegation_id'];
  const delegationId = isId(id) ? id : '';
  switch (event['type']) {
    case 'response.created':
      return found({ type: 'backend-started', delegationId });
    case 'response.output_item.done':
      return call(delegationId, event['item']);
    case 'response.completed':
      return found({ type: 'backend-done', delegationId, status: 'completed', usage: usageOf(event['response']) });
    case 'response.failed':
    case 'response.incomplete':
      return found({ type: 'backend-done', delegationId, status: 'failed', usage: usageOf(event['response']) });
    default:
      // The Responses API has many kinds of event, and these four say all that is needed.
      return NOTHING;
  }
}

function call(delegationId: string, item: unknown): ParsedLiveEvent {
  if (!isFields(item)) return MALFORMED;
  if (item['type'] !== 'function_call') return NOTHING;
  const { arguments: args, call_id: toolCallId, name, status } = item;
  // A call that was cut off is "done", too, and nothing may be done with it.
  if (status !== undefined && status !== 'completed') return NOTHING;
  if (!isId(toolCallId) || typeof name !== 'string' || typeof args !== 'string') return MALFORMED;
  return found({ type: 'backend-call', delegationId, toolCallId, name, arguments: args });
}

function usageOf(response: unknown): TokenUsage | undefined {
  const usage = isFields(response) ? response['usage'] : undefined;
  if (!isFields(usage)) return undefined;
  return { inputTokens: tokenCount(usage['input_tokens']), outputTokens: tokenCount(usage['output_tokens']) };
}

function secondsOf({ usage }: Fields): number | undefined {
  const seconds = isFields(usage) ? usage['seconds'] : undefined;
  return isTime(seconds) ? seconds : undefined;
}

function failure(fields: Fields): LiveEvent | undefined {
  const { error } = fields;
  if (!isFields(error)) return undefined;
  const eventId = error['client_event_id'] ?? fields['client_event_id'];
  return {
    type: 'error',
    error: {
      type: codeOf(error['type']),
      code: codeOf(error['code']),
      eventId: typeof eventId === 'string' ? eventId : undefined,
      param: codeOf(error['param'], PARAM),
    },
  };
}

/** Returns `''` for anything but a code. */
function codeOf(value: unknown, form = CODE): string {
  return typeof value === 'string' && form.test(value) ? value : '';
}

function isTime(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0;
}

function isId(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.length <= 256;
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
