import { AudioChunk, MULAW_BYTES_PER_MS, TELEPHONE_RATE_HZ } from '../audio/chunk.js';
import type { ResponseStatus, VoiceEvent } from './session.js';

/**
 * Synthesises a line. Resolves with mu-law at 8 kHz, or with `undefined` if this machine has no engine for it. May
 * reject.
 */
export type SpeakLine = (text: string) => Promise<Uint8Array | undefined>;

const CHUNK_BYTES = 200 * MULAW_BYTES_PER_MS;

/**
 * Yields the events of a whole response, from `response-started` to a completed `response-done`, for a line that the
 * gateway spoke without a model. `mulaw` is at 8 kHz; it is passed on in chunks of 200 ms.
 */
export function* spokenLine(line: {
  responseId: string;
  itemId: string;
  sayId: string | undefined;
  /** `''` if the audio has no words. */
  text: string;
  mulaw: Uint8Array;
}): Generator<VoiceEvent> {
  const { itemId, mulaw, responseId, sayId, text } = line;
  yield { type: 'response-started', responseId, sayId };
  if (text !== '') yield { type: 'assistant-text', responseId, itemId, text };
  for (let at = 0; at < mulaw.length; at += CHUNK_BYTES) {
    const chunk = AudioChunk.fromBytes('mulaw', TELEPHONE_RATE_HZ, mulaw.subarray(at, at + CHUNK_BYTES));
    yield { type: 'audio', responseId, itemId, chunk };
  }
  yield { type: 'item-done', responseId, itemId };
  yield { type: 'response-done', responseId, sayId, status: 'completed' };
}

/** Yields the events of a response without audio, for an owner who awaits the end of a line that was not spoken. */
export function* unspokenLine(responseId: string, sayId: string, status: ResponseStatus): Generator<VoiceEvent> {
  yield { type: 'response-started', responseId, sayId };
  yield { type: 'response-done', responseId, sayId, status };
}
