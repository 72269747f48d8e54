import { tokenCount } from '../token-count.js';

/**
 * An event from the Realtime API (OpenAI: Realtime API – server events, general availability shape). Only what the
 * gateway uses is kept, checked by hand. Unknown types are counted and unknown fields are ignored, because the service
 * adds both without notice.
 */
export type ServerEvent =
  | { type: 'session-created'; sessionId: string | undefined; expiresAtS: number | undefined }
  | { type: 'session-updated'; inputFormat: string; outputFormat: string; expiresAtS: number | undefined }
  | { type: 'speech-started'; itemId: string }
  | { type: 'speech-stopped'; itemId: string }
  | { type: 'committed'; itemId: string }
  | { type: 'transcription-delta'; itemId: string; text: string }
  | { type: 'transcription-completed'; itemId: string; text: string; usage: TokenUsage | undefined }
  | { type: 'transcription-failed'; itemId: string; code: string }
  /** An item that the gateway created is in the conversation. */
  | { type: 'item-added' }
  /**
   * `requestId` is the id in the metadata of our `response.create`. `undefined` if voice activity began the response.
   */
  | { type: 'response-created'; responseId: string; requestId: string | undefined }
  | AudioDelta
  | { type: 'transcript-delta'; responseId: string; itemId: string; text: string }
  /** The model writes instead of speaking. */
  | { type: 'text-delta'; responseId: string; itemId: string; text: string }
  | { type: 'message-done'; responseId: string; itemId: string }
  | { type: 'function-call-done'; responseId: string; toolCallId: string; name: string; arguments: string }
  /** A function call ended before it was complete, so nothing may be done with it. */
  | { type: 'function-call-cut'; responseId: string }
  | ResponseDone
  | { type: 'error'; error: ServerError };

export interface AudioDelta {
  type: 'audio-delta';
  responseId: string;
  itemId: string;
  contentIndex: number;
  /** Base64 of audio in the output format. */
  audio: string;
}

export interface ResponseDone {
  type: 'response-done';
  responseId: string;
  status: 'completed' | 'cancelled' | 'incomplete' | 'failed';
  /**
   * Why the status is not `completed`: `turn_detected`, `client_cancelled`, `max_output_tokens` or `content_filter`.
   */
  reason: string | undefined;
  error: ServerError | undefined;
  usage: TokenUsage | undefined;
}

export interface TokenUsage {
  inputTokens: number;
  outputTokens: number;
}

/** An error as codes. The service's text is not kept, because it can quote the conversation. */
export interface ServerError {
  /** `''` if the service named none. */
  type: string;
  code: string;
  /** The `event_id` of the client event that the error answers. `undefined` if it answers none. */
  eventId: string | undefined;
  /** The field that the error is about. `''` if it names none. */
  param: string;
}

/** Why a message was ignored. The union is closed, because it labels a metric. */
export type WireAnomaly = 'binary' | 'not-json' | 'malformed-event' | 'unknown-event';

export type ParsedEvent = { ok: true; event: ServerEvent | undefined } | { ok: false; anomaly: WireAnomaly };

/** Metadata key of a `response.create` that holds its id. The response repeats its metadata. */
export const REQUEST_KEY = 'request_id';

const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;
/** The path of a field, such as `session.tools[0].name`. */
const PARAM = /^[A-Za-z0-9_.[\]-]{1,96}$/;
/** A code that may be logged as it is. */
const CODE = /^[A-Za-z0-9_.-]{1,64}$/;

/** Event types that are known and not used. */
const IGNORED: ReadonlySet<string> = new Set([
  'conversation.created',
  'conversation.item.created',
  'conversation.item.done',
  'conversation.item.deleted',
  'conversation.item.retrieved',
  'conversation.item.truncated',
  'conversation.item.input_audio_transcription.segment',
  'input_audio_buffer.cleared',
  'input_audio_buffer.timeout_triggered',
  'rate_limits.updated',
  'response.output_item.added',
  'response.content_part.added',
  'response.content_part.done',
  'response.output_audio.done',
  'response.output_audio_transcript.done',
  'response.output_text.done',
  'response.function_call_arguments.delta',
  'response.function_call_arguments.done',
]);

const MALFORMED: ParsedEvent = { ok: false, anomaly: 'malformed-event' };
const NOTHING: ParsedEvent = { ok: true, event: undefined };

type Fields = Record<string, unknown>;

/** Parses one text message. Never throws. `event` is `undefined` for a type that is known and not used. */
export function parseServerEvent(data: string): ParsedEvent {
  let value: unknown;
  try {
    value = JSON.parse(data);
  } catch {
    return { ok: false, anomaly: 'not-json' };
  }
  if (typeof value !== 'object' || value === null) return MALFORMED;
  const fields = value as Fields;
  const type = fields['type'];
  if (typeof type !== 'string') return MALFORMED;
  if (type === 'response.output_audio.delta') return parseAudio(fields);
  if (IGNORED.has(type)) return NOTHING;
  return parseOther(type, fields);
}

function parseAudio(fields: Fields): ParsedEvent {
  const { response_id: responseId, item_id: itemId, delta: audio, content_index: contentIndex } = fields;
  if (typeof responseId !== 'string' || typeof itemId !== 'string' || typeof audio !== 'string') return MALFORMED;
  if (audio === '') return NOTHING;
  if (audio.length % 4 !== 0 || !BASE64.test(audio)) return MALFORMED;
  return {
    ok: true,
    event: {
      type: 'audio-delta',
      responseId,
      itemId,
      contentIndex: typeof contentIndex === 'number' ? contentIndex : 0,
      audio,
    },
  };
}

function parseOther(type: string, fields: Fields): ParsedEvent {
  const itemId = fields['item_id'];
  const responseId = fields['response_id'];
  switch (type) {
    case 'session.created':
    case 'session.updated':
      return parseSession(type, recordOf(fields['session']));
    case 'input_audio_buffer.speech_started':
      return withItem(itemId, (itemId) => ({ type: 'speech-started', itemId }));
    case 'input_audio_buffer.speech_stopped':
      return withItem(itemId, (itemId) => ({ type: 'speech-stopped', itemId }));
    case 'input_audio_buffer.committed':
      return withItem(itemId, (itemId) => ({ type: 'committed', itemId }));
    case 'conversation.item.input_audio_transcription.delta':
      return withItem(itemId, (itemId) => ({ type: 'transcription-delta', itemId, text: textOf(fields['delta']) }));
    case 'conversation.item.input_audio_transcription.completed':
      return withItem(itemId, (itemId) => ({
        type: 'transcription-completed',
        itemId,
        text: textOf(fields['transcript']),
        usage: usageOf(fields['usage']),
      }));
    case 'conversation.item.input_audio_transcription.failed':
      return withItem(itemId, (itemId) => ({
        type: 'transcription-failed',
        itemId,
        code: codeOf(recordOf(fields['error'])['code']),
      }));
    case 'conversation.item.added':
      return isOurs(recordOf(fields['item'])) ? { ok: true, event: { type: 'item-added' } } : NOTHING;
    case 'response.created':
      return parseResponseCreated(recordOf(fields['response']));
    case 'response.output_audio_transcript.delta':
      if (typeof responseId !== 'string') return MALFORMED;
      return withItem(itemId, (itemId) => ({
        type: 'transcript-delta',
        responseId,
        itemId,
        text: textOf(fields['delta']),
      }));
    case 'response.output_text.delta':
      if (typeof responseId !== 'string') return MALFORMED;
      return withItem(itemId, (itemId) => ({ type: 'text-delta', responseId, itemId, text: textOf(fields['delta']) }));
    case 'response.output_item.done':
      return typeof responseId === 'string' ? parseItemDone(responseId, recordOf(fields['item'])) : MALFORMED;
    case 'response.done':
      return parseResponseDone(recordOf(fields['response']));
    case 'error':
      return { ok: true, event: { type: 'error', error: errorOf(recordOf(fields['error'])) } };
    default:
      return { ok: false, anomaly: 'unknown-event' };
  }
}

function parseSession(type: 'session.created' | 'session.updated', session: Fields): ParsedEvent {
  const expires = session['expires_at'];
  const expiresAtS = typeof expires === 'number' && Number.isFinite(expires) ? expires : undefined;
  if (type === 'session.created') {
    const id = codeOf(session['id']);
    return { ok: true, event: { type: 'session-created', sessionId: id === '' ? undefined : id, expiresAtS } };
  }
  const audio = recordOf(session['audio']);
  return {
    ok: true,
    event: {
      type: 'session-updated',
      inputFormat: formatOf(audio['input']),
      outputFormat: formatOf(audio['output']),
      expiresAtS,
    },
  };
}

/**
 * Whether the gateway created the item. It adds text and function results; the service adds audio and function calls.
 */
function isOurs(item: Fields): boolean {
  if (item['type'] === 'function_call_output') return true;
  const content = item['content'];
  const kind = Array.isArray(content) ? recordOf(content[0])['type'] : undefined;
  return kind === 'input_text' || kind === 'output_text';
}

function parseResponseCreated(response: Fields): ParsedEvent {
  const responseId = response['id'];
  if (typeof responseId !== 'string') return MALFORMED;
  const requestId = recordOf(response['metadata'])[REQUEST_KEY];
  return {
    ok: true,
    event: { type: 'response-created', responseId, requestId: typeof requestId === 'string' ? requestId : undefined },
  };
}

/** An interrupted function call is "done", too. Only a completed one may be acted on. */
function parseItemDone(responseId: string, item: Fields): ParsedEvent {
  const itemId = item['id'];
  if (item['type'] === 'message') {
    return typeof itemId === 'string' ? { ok: true, event: { type: 'message-done', responseId, itemId } } : MALFORMED;
  }
  if (item['type'] !== 'function_call') return NOTHING;
  if (item['status'] !== 'completed') return { ok: true, event: { type: 'function-call-cut', responseId } };
  const { call_id: toolCallId, name } = item;
  if (typeof toolCallId !== 'string' || typeof name !== 'string') return MALFORMED;
  const callArguments = textOf(item['arguments']);
  return { ok: true, event: { type: 'function-call-done', responseId, toolCallId, name, arguments: callArguments } };
}

function parseResponseDone(response: Fields): ParsedEvent {
  const responseId = response['id'];
  if (typeof responseId !== 'string') return MALFORMED;
  const details = recordOf(response['status_details']);
  const status = response['status'];
  const error = details['error'];
  return {
    ok: true,
    event: {
      type: 'response-done',
      responseId,
      // An unknown status must not leave the response open for ever.
      status: status === 'completed' || status === 'cancelled' || status === 'incomplete' ? status : 'failed',
      reason: typeof details['reason'] === 'string' ? codeOf(details['reason']) : undefined,
      error: error === undefined || error === null ? undefined : errorOf(recordOf(error)),
      usage: usageOf(response['usage']),
    },
  };
}

function withItem(itemId: unknown, build: (itemId: string) => ServerEvent): ParsedEvent {
  return typeof itemId === 'string' && itemId !== '' ? { ok: true, event: build(itemId) } : MALFORMED;
}

function errorOf(error: Fields): ServerError {
  const eventId = error['event_id'];
  return {
    type: codeOf(error['type']),
    code: codeOf(error['code']),
    eventId: typeof eventId === 'string' ? eventId : undefined,
    param: paramOf(error['param']),
  };
}

/** Returns `undefined` if nothing is counted in tokens, because a transcription can be billed by its length. */
function usageOf(usage: unknown): TokenUsage | undefined {
  const { input_tokens: input, output_tokens: output } = recordOf(usage);
  if (typeof input !== 'number' || typeof output !== 'number') return undefined;
  return { inputTokens: tokenCount(input), outputTokens: tokenCount(output) };
}

function formatOf(side: unknown): string {
  return textOf(recordOf(recordOf(side)['format'])['type']);
}

function codeOf(value: unknown): string {
  if (typeof value !== 'string') return '';
  return CODE.test(value) ? value : 'other';
}

function paramOf(value: unknown): string {
  if (typeof value !== 'string') return '';
  return PARAM.test(value) ? value : 'other';
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function recordOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : {};
}
