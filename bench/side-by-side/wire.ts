import { MULAW_BYTES_PER_MS } from '../../src/audio/chunk.js';
import { STAMP_CHARACTERS } from './stamp.js';

// Where the audio stands in the messages of the load.

const SPOKEN_SAMPLE = 0x55;
const QUIET_SAMPLE = 0xfe;
/** The character of base64 that stands behind the stamp of a spoken frame. */
const SPOKEN_CHARACTER = Buffer.alloc(3, SPOKEN_SAMPLE).toString('base64').charCodeAt(0);
/** What stands before the audio: from a gateway to the model, from the carrier and from a gateway to it, and from the model. */
const FIELDS = ['"audio":"', '"payload":"', '"delta":"'].map((field) => Buffer.from(field));
/** Shorter messages hold no audio. Twenty milliseconds are 216 characters. */
const LEAST_BYTES = 216;

/** Returns audio as base64, with room for a stamp at its beginning. */
export function audioPiece(ms: number, isSpoken = true): string {
  return Buffer.alloc(ms * MULAW_BYTES_PER_MS, isSpoken ? SPOKEN_SAMPLE : QUIET_SAMPLE).toString('base64');
}

/** Returns where the audio of a message begins. -1 if it holds none. */
export function audioAt(message: Buffer): number {
  if (message.length < LEAST_BYTES) return -1;
  for (const field of FIELDS) {
    const at = message.indexOf(field);
    // A delta of text is short.
    if (at >= 0 && at + field.length + LEAST_BYTES <= message.length) return at + field.length;
  }
  return -1;
}

/** Whether the caller speaks in a frame whose audio begins at `at`. */
export function isSpokenAt(message: Buffer, at: number): boolean {
  return message[at + STAMP_CHARACTERS] === SPOKEN_CHARACTER;
}

let ids = 0;

/** Returns an id as the services form them, such as `resp_…`. */
export function newId(prefix: string): string {
  return `${prefix}_${String(++ids).padStart(21, '0')}`;
}
