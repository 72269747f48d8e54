import { AudioChunk, MULAW_BYTES_PER_MS, TELEPHONE_RATE_HZ } from '../../audio/chunk.js';

/** Characters of base64 that a frame of 20 ms has. All lengths of base64 are multiples of four. */
const FRAME_CHARACTERS = 216;
const FRAME_MS = 20;
const CHARACTERS_PER_MS = FRAME_CHARACTERS / FRAME_MS;

/** Audio before the start of speech that still belongs to the utterance, because a detector notices speech late. */
const PRE_ROLL = 600 * CHARACTERS_PER_MS;
/** Silence kept after an utterance, so that the next session can tell that it is over. */
const PAUSE_BYTES = 2000 * MULAW_BYTES_PER_MS;
/** Maximum audio kept of one utterance, or of a time without a session. */
const MOST = 10_000 * CHARACTERS_PER_MS;
/** Kept audio is returned in pieces of the size that Twilio sends. */
const PIECE_BYTES = FRAME_MS * MULAW_BYTES_PER_MS;
const PADDING = '='.charCodeAt(0);

type State =
  /** The caller has said nothing that a next session would need. Only the last moments are kept. */
  | { name: 'rolling' }
  | { name: 'keeping'; isUtterance: boolean }
  /** The utterance is over, but its text is not known. Some silence after it is kept, and nothing more. */
  | { name: 'ended'; roomBytes: number };

/**
 * Keeps the caller's audio that a next session has to hear: the utterance whose text is not known yet, and what the
 * caller says while there is no session. It is copied into one buffer, because thousands of small objects that live for
 * a second or two would cost more time in the garbage collector than everything else that is done with a frame. It is kept as
 * base64, as it arrives, because nearly all of it is never needed.
 */
export class ReplayBuffer {
  /** Frames as base64, each with its own padding. The newest ends at `end`. */
  private buffer = Buffer.allocUnsafeSlow(2 * PRE_ROLL);
  private end = 0;
  private state: State = { name: 'rolling' };

  /** Takes mu-law at 8 kHz. */
  push(chunk: AudioChunk): void {
    const { state } = this;
    if (state.name === 'ended') {
      if (state.roomBytes <= 0) return;
      state.roomBytes -= chunk.sizeBytes;
    }
    const length = chunk.base64Length;
    if (this.end + length > this.buffer.length) this.makeRoom(length);
    chunk.writeBase64(this.buffer, this.end);
    this.end += length;
  }

  /** Called when the caller began to speak. Everything from here on is kept, and the last moments before. */
  utteranceStarted(): void {
    this.keepFrom({ name: 'keeping', isUtterance: true });
  }

  utteranceEnded(): void {
    if (this.hasUtterance) this.state = { name: 'ended', roomBytes: PAUSE_BYTES };
  }

  /** Called when there is no session. Everything is kept from here on. */
  keep(): void {
    this.keepFrom({ name: 'keeping', isUtterance: this.hasUtterance });
  }

  /** Called when what was kept has been understood or answered. */
  forget(): void {
    this.state = { name: 'rolling' };
    this.end = 0;
    if (this.buffer.length > 2 * PRE_ROLL) this.buffer = Buffer.allocUnsafeSlow(2 * PRE_ROLL);
  }

  /** Whether the caller has said something whose text is not known. */
  get hasUtterance(): boolean {
    return this.state.name === 'ended' || (this.state.name === 'keeping' && this.state.isUtterance);
  }

  /** The kept audio, oldest first. */
  get kept(): readonly AudioChunk[] {
    if (this.state.name === 'rolling') return [];
    const audio = decoded(this.buffer.subarray(0, this.end));
    const pieces: AudioChunk[] = [];
    for (let start = 0; start < audio.length; start += PIECE_BYTES)
      pieces.push(AudioChunk.fromBytes('mulaw', TELEPHONE_RATE_HZ, audio.subarray(start, start + PIECE_BYTES)));
    return pieces;
  }

  private keepFrom(state: State): void {
    // A rolling buffer may hold more than the pre-roll. The rest is older and does not belong to the utterance.
    if (this.state.name === 'rolling') this.dropAllBut(PRE_ROLL);
    this.state = state;
  }

  /** Drops what is too old, or enlarges the buffer. */
  private makeRoom(length: number): void {
    if (this.state.name === 'rolling') this.dropAllBut(PRE_ROLL);
    // Old audio is dropped in blocks, because moving everything for every frame would cost more than keeping it.
    else if (this.end + length > MOST) this.dropAllBut(MOST - PRE_ROLL);
    const needed = this.end + length;
    if (needed <= this.buffer.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, Math.min(2 * this.buffer.length, MOST)));
    this.buffer.copy(larger, 0, 0, this.end);
    this.buffer = larger;
  }

  private dropAllBut(kept: number): void {
    if (this.end <= kept) return;
    this.buffer.copyWithin(0, this.end - kept, this.end);
    this.end = kept;
  }
}

/** Decodes pieces of base64 that stand one behind the other, each with its own padding. */
function decoded(joined: Buffer): Buffer {
  const parts: Buffer[] = [];
  for (let start = 0; start < joined.length;) {
    let end = joined.indexOf(PADDING, start);
    if (end < 0) end = joined.length;
    while (joined[end] === PADDING) end++;
    parts.push(Buffer.from(joined.toString('latin1', start, end), 'base64'));
    start = end;
  }
  return Buffer.concat(parts);
}
