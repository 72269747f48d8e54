import type { Turn } from '../history.js';
import { REQUEST_KEY } from './server-events.js';
import type { SessionSettings } from './session-settings.js';

// What the gateway sends (OpenAI: Realtime API – client events, general availability shape). Every message but audio has
// an `event_id`, so that an error can be traced to what caused it.

/** An event that only lacks its id. */
export type EventBuilder = (eventId: string) => string;

/** `audio`: base64 in the session's input format; base64 needs no escaping. Never acknowledged. */
export function audioAppend(audio: string): string {
  return `{"type":"input_audio_buffer.append","audio":"${audio}"}`;
}

export function sessionUpdate(eventId: string, session: SessionSettings): string {
  return JSON.stringify({ type: 'session.update', event_id: eventId, session });
}

/** A turn of either side as text; the audio of the assistant cannot be given back to it. */
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

/** What a response is to be like. */
export interface ResponseSpec {
  sayId: string | undefined;
  /** Replace those of the session for this response. */
  instructions: string | undefined;
  mayCallTools: boolean;
}

/** Answers the conversation so far, as wished. */
export function responseCreate(eventId: string, what: ResponseSpec): string {
  return JSON.stringify({
    type: 'response.create',
    event_id: eventId,
    response: {
      output_modalities: ['audio'],
      metadata: { [REQUEST_KEY]: eventId, ...(what.sayId === undefined ? {} : { say_id: what.sayId }) },
      ...(what.instructions === undefined ? {} : { instructions: what.instructions }),
      ...(what.mayCallTools ? {} : { tools: [], tool_choice: 'none' }),
    },
  });
}

/** Reasoning counts, too, where a model reasons. */
const MAX_SUMMARY_TOKENS = 1024;

/**
 * A text beside the conversation: it neither reads nor writes it, and may be asked for while another response runs
 * (OpenAI: Realtime API – `response.create`, `conversation: "none"`).
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

export function responseCancel(eventId: string, responseId: string): string {
  return JSON.stringify({ type: 'response.cancel', event_id: eventId, response_id: responseId });
}

/** Makes the model forget what the caller did not hear; it also deletes the item's text. */
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
