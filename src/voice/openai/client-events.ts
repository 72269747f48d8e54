import type { AudioChunk } from '../../audio/chunk.js';
import type { Turn } from '../history.js';
import { REQUEST_KEY } from './server-events.js';
import type { SessionSettings } from './session-settings.js';

// The events that the gateway sends (OpenAI: Realtime API – client events, general availability shape). Every event but
// audio has an `event_id`, so that an error can be traced to its cause.

/** Returns the event as JSON, with the given `event_id`. */
export type EventBuilder = (eventId: string) => string;

const APPEND_HEAD = Buffer.from('{"type":"input_audio_buffer.append","audio":"');

/** `audio` is in the session's input format. The service does not acknowledge it. */
export function audioAppend(audio: AudioChunk): Buffer {
  return audioMessage(APPEND_HEAD, audio);
}

const MESSAGE_TAIL = Buffer.from('"}');

/** Returns a message with audio between `head` and the end of JSON. Base64 needs no escaping. */
export function audioMessage(head: Buffer, audio: AudioChunk): Buffer {
  const length = audio.base64Length;
  const message = Buffer.allocUnsafe(head.length + length + MESSAGE_TAIL.length);
  message.set(head, 0);
  audio.writeBase64(message, head.length);
  message.set(MESSAGE_TAIL, head.length + length);
  return message;
}

export function sessionUpdate(eventId: string, session: SessionSettings): string {
  return JSON.stringify({ type: 'session.update', event_id: eventId, session });
}

/** A turn of either side as text, because the assistant's audio cannot be sent back to the service. */
export function turnItem(eventId: string, speaker: Turn['speaker'], text: string): string {
  const message =
    speaker === 'caller'
      ? { type: 'message', role: 'user', content: [{ type: 'input_text', text }] }
      : { type: 'message', role: 'assistant', content: [{ type: 'output_text', text }] };
  return itemCreate(eventId, message);
}

export function systemItem(eventId: string, text: string): string {
  return itemCreate(eventId, { type: 'message', role: 'system', content: [{ type: 'input_text', text }] });
}

export function toolOutputItem(eventId: string, toolCallId: string, output: string): string {
  return itemCreate(eventId, { type: 'function_call_output', call_id: toolCallId, output });
}

/** The content of a `response.create`. */
export interface ResponseSpec {
  sayId: string | undefined;
  /** Replaces the session's instructions for this response. `undefined` keeps them. */
  instructions: string | undefined;
  mayCallTools: boolean;
}

/** Requests a response to the conversation so far. */
export function responseCreate(eventId: string, spec: ResponseSpec): string {
  return JSON.stringify({
    type: 'response.create',
    event_id: eventId,
    response: {
      output_modalities: ['audio'],
      metadata: { [REQUEST_KEY]: eventId, ...(spec.sayId === undefined ? {} : { say_id: spec.sayId }) },
      ...(spec.instructions === undefined ? {} : { instructions: spec.instructions }),
      ...(spec.mayCallTools ? {} : { tools: [], tool_choice: 'none' }),
    },
  });
}

/** Maximum length of a summary. It includes the reasoning of a model that reasons. */
const MAX_SUMMARY_TOKENS = 1024;

/**
 * Requests a text response outside the conversation, which it neither reads nor changes. It may run beside another
 * response (OpenAI: Realtime API – `response.create`, `conversation: "none"`).
 */
export function summaryCreate(eventId: string, instructions: string, transcript: string): string {
  return JSON.stringify({
    type: 'response.create',
    event_id: eventId,
    response: {
      conversation: 'none',
      output_modalities: ['text'],
      metadata: { [REQUEST_KEY]: eventId },
      instructions,
      input: [{ type: 'message', role: 'user', content: [{ type: 'input_text', text: transcript }] }],
      tools: [],
      tool_choice: 'none',
      max_output_tokens: MAX_SUMMARY_TOKENS,
    },
  });
}

/**
 * Requests a line as audio outside the conversation. It reads nothing of it, because `input` is empty (OpenAI: Realtime API
 * – `response.create`, `input`).
 */
export function lineCreate(eventId: string, instructions: string): string {
  return JSON.stringify({
    type: 'response.create',
    event_id: eventId,
    response: {
      conversation: 'none',
      output_modalities: ['audio'],
      metadata: { [REQUEST_KEY]: eventId },
      instructions,
      input: [],
      tools: [],
      tool_choice: 'none',
    },
  });
}

export function responseCancel(eventId: string, responseId: string): string {
  return JSON.stringify({ type: 'response.cancel', event_id: eventId, response_id: responseId });
}

/** Makes the model forget what the caller did not hear. The service also deletes the item's text. */
export function itemTruncate(
  eventId: string,
  cut: { itemId: string; contentIndex: number; audioEndMs: number },
): string {
  return JSON.stringify({
    type: 'conversation.item.truncate',
    event_id: eventId,
    item_id: cut.itemId,
    content_index: cut.contentIndex,
    audio_end_ms: cut.audioEndMs,
  });
}

function itemCreate(eventId: string, item: Record<string, unknown>): string {
  return JSON.stringify({ type: 'conversation.item.create', event_id: eventId, item });
}
