import type { AudioChunk } from '../../audio/chunk.js';
import { type EventBuilder, audioMessage } from '../openai/client-events.js';
import type { LiveSettings } from './session-settings.js';

// The events that the gateway sends (OpenAI: GPT-Live – client events). Every event but audio has an `event_id`, so that
// an error can be traced to its cause.

/** Maximum length of one appended text, in characters. The service takes 500 tokens, and dense scripts have 2.5 a token. */
const MAX_APPEND_CHARS = 1200;

/**
 * How the model takes a text that is added to a session. `instructions` change what it does, and can interrupt its
 * speech. `thinking` is known to it and not said. `commentary` makes it speak, in words of its own.
 */
export type AppendKind = 'instructions' | 'thinking' | 'commentary';

export function sessionStart(eventId: string, session: LiveSettings): string {
  return JSON.stringify({ type: 'session.start', event_id: eventId, session });
}

const APPEND_HEAD = Buffer.from('{"type":"session.input_audio.append","audio":"');

/** `audio` is in the session's format. The service does not acknowledge it. */
export function audioAppend(audio: AudioChunk): Buffer {
  return audioMessage(APPEND_HEAD, audio);
}

/** A longer text becomes several events. */
export function appends(kind: AppendKind, text: string): EventBuilder[] {
  return piecesOf(text, MAX_APPEND_CHARS).map(
    (content) => (eventId) =>
      JSON.stringify({ type: `session.${kind}.append`, event_id: eventId, delegation_id: null, content }),
  );
}

/** The result of a function that the backend called. */
export function toolOutput(eventId: string, toolCallId: string, output: string): string {
  const item = { type: 'function_call_output', call_id: toolCallId, output };
  return JSON.stringify({ type: 'response.item.create', event_id: eventId, item });
}

/** A text of the caller for the backend, which sees it exactly as it is. */
export function typedText(eventId: string, text: string): string {
  const item = { type: 'message', role: 'user', content: [{ type: 'input_text', text }] };
  return JSON.stringify({ type: 'response.item.create', event_id: eventId, item });
}

/** Lets the backend begin, or continue with the results that it waits for. */
export function backendCreate(eventId: string): string {
  return JSON.stringify({ type: 'response.create', event_id: eventId });
}

/** Changes nothing in a session that is not muted. The service answers it, so it asks for a sign of life. */
export function unmute(eventId: string): string {
  return JSON.stringify({ type: 'session.input_audio.unmute', event_id: eventId });
}

export function sessionClose(eventId: string): string {
  return JSON.stringify({ type: 'session.close', event_id: eventId });
}

/** Splits at spaces if it can. */
export function piecesOf(text: string, maxChars: number): string[] {
  const pieces: string[] = [];
  let rest = text.trim();
  while (rest.length > maxChars) {
    const space = rest.lastIndexOf(' ', maxChars);
    const end = space > maxChars / 2 ? space : maxChars;
    pieces.push(rest.slice(0, end).trim());
    rest = rest.slice(end).trim();
  }
  return rest === '' ? pieces : [...pieces, rest];
}
