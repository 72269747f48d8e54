import { AudioChunk, MULAW_SILENCE } from '../../audio/chunk.js';

/** Returns silence of the same duration as a frame of mu-law. */
export function silenceLike({ encoding, sampleRateHz, sizeBytes }: AudioChunk): AudioChunk {
  return AudioChunk.fromBytes(encoding, sampleRateHz, new Uint8Array(sizeBytes).fill(MULAW_SILENCE));
}
