import { AudioChunk, MULAW_BYTES_PER_MS, TELEPHONE_RATE_HZ } from '../audio/chunk.js';
import type { ResponseStatus, VoiceEvent } from './session.js';

/** Gives mu-law at 8 kHz; undefined when nothing on this machine can speak. May reject. */
export type SpeakLine = (text: string) => Promise<Uint8Array | undefined>;

const CHUNK_BYTES = 200 * MULAW_BYTES_PER_MS;

/** A line that no model has spoken, whole, as a response of its own. `mulaw`: 8 kHz. */
export function* spokenLine(line: {
  responseId: string;
  itemId: string;
  sayId: string | undefined;
  text: string;
  mulaw: Uint8Array;
}): Generator<VoiceEvent> {
  const { itemId, mulaw, responseId, sayId, text } = line;
  yield { type: 'response-started', responseId, sayId };
  yield { type: 'assistant-text', responseId, itemId, text };
  for (let at = 0; at < mulaw.length; at += CHUNK_BYTES) {
    const chunk = AudioChunk.fromBytes('mulaw', TELEPHONE_RATE_HZ, mulaw.subarray(at, at + CHUNK_BYTES));
    yield { type: 'audio', responseId, itemId, chunk };
  }
  yield { type: 'item-done', responseId, itemId };
  yield { type: 'response-done', responseId, sayId, status: 'completed' };
}

/** A line that is not spoken, told to an owner who waits for its end. */
export function* unspokenLine(responseId: string, sayId: string, status: ResponseStatus): Generator<VoiceEvent> {
  yield { type: 'response-started', responseId, sayId };
  yield { type: 'response-done', responseId, sayId, status };
}
