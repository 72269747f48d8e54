import { AudioChunk, MULAW_BYTES_PER_MS, TELEPHONE_RATE_HZ } from '../../audio/chunk.js';

/** Audio before the start of speech that still belongs to the utterance, because a detector notices speech late. */
const PRE_ROLL_BYTES = 600 * MULAW_BYTES_PER_MS;
/** Silence kept after an utterance, so that the next session can tell that it is over. */
const PAUSE_BYTES = 2000 * MULAW_BYTES_PER_MS;
/** Maximum audio kept of one utterance, or of a time without a session. */
const MAX_BYTES = 10_000 * MULAW_BYTES_PER_MS;
/** Kept audio is returned in pieces of the size that Twilio sends. */
const PIECE_BYTES = 20 * MULAW_BYTES_PER_MS;

type State =
  /** The caller has said nothing that a next session would need. Only the last moments are kept. */
  | { name: 'rolling' }
  | { name: 'keeping'; isUtterance: boolean }
  /** The utterance is over, but its text is not known. Some silence after it is kept, and nothing more. */
  | { name: 'ended'; roomBytes: number };

/**
 * Keeps the caller's audio that a next session has to hear: the utterance whose text is not known yet, and what the
 * caller says while there is no session. It is copied into one buffer, because thousands of small objects that live for
 * a second or two would cost more time in the garbage collector than everything else that is done with a frame.
 */
export class ReplayBuffer {
  /** Mu-law at 8 kHz. The newest audio ends at `end`. */
  private buffer = Buffer.allocUnsafeSlow(2 * PRE_ROLL_BYTES);
  private end = 0;
  private state: State = { name: 'rolling' };

  /** Takes mu-law at 8 kHz. */
  push(chunk: AudioChunk): void {
    const { sizeBytes } = chunk;
    const { state } = this;
    if (state.name === 'ended') {
      if (state.roomBytes <= 0) return;
      state.roomBytes -= sizeBytes;
    }
    if (this.end + sizeBytes > this.buffer.length) this.makeRoom(sizeBytes);
    chunk.copyTo(this.buffer, this.end);
    this.end += sizeBytes;
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
    if (this.buffer.length > 2 * PRE_ROLL_BYTES) this.buffer = Buffer.allocUnsafeSlow(2 * PRE_ROLL_BYTES);
  }

  /** Whether the caller has said something whose text is not known. */
  get hasUtterance(): boolean {
    return this.state.name === 'ended' || (this.state.name === 'keeping' && this.state.isUtterance);
  }

  /** The kept audio, oldest first. */
  get kept(): readonly AudioChunk[] {
    if (this.state.name === 'rolling') return [];
    const pieces: AudioChunk[] = [];
    for (let start = 0; start < this.end; start += PIECE_BYTES) {
      const bytes = Uint8Array.prototype.slice.call(this.buffer, start, Math.min(start + PIECE_BYTES, this.end));
      pieces.push(AudioChunk.fromBytes('mulaw', TELEPHONE_RATE_HZ, bytes));
    }
    return pieces;
  }

  private keepFrom(state: State): void {
    // A rolling buffer may hold more than the pre-roll. The rest is older and does not belong to the utterance.
    if (this.state.name === 'rolling') this.dropAllBut(PRE_ROLL_BYTES);
    this.state = state;
  }

  /** Drops what is too old, or enlarges the buffer. */
  private makeRoom(sizeBytes: number): void {
    if (this.state.name === 'rolling') this.dropAllBut(PRE_ROLL_BYTES);
    // Old audio is dropped in blocks, because moving everything for every frame would cost more than keeping it.
    else if (this.end + sizeBytes > MAX_BYTES) this.dropAllBut(MAX_BYTES - PRE_ROLL_BYTES);
    const needed = this.end + sizeBytes;
    if (needed <= this.buffer.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, Math.min(2 * this.buffer.length, MAX_BYTES)));
    this.buffer.copy(larger, 0, 0, this.end);
    this.buffer = larger;
  }

  private dropAllBut(keptBytes: number): void {
    if (this.end <= keptBytes) return;
    this.buffer.copyWithin(0, this.end - keptBytes, this.end);
    this.end = keptBytes;
  }
}
