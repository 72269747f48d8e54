import { AudioChunk, MULAW_BYTES_PER_MS, TELEPHONE_RATE_HZ } from '../../audio/chunk.js';

/** A detector notices speech late; this much before its signal still belongs to the utterance. */
const PRE_ROLL_BYTES = 600 * MULAW_BYTES_PER_MS;
/** So much silence after an utterance tells the next session that it is over. */
const PAUSE_BYTES = 2000 * MULAW_BYTES_PER_MS;
/** What is kept of one utterance, or of a time without a session. */
const MAX_BYTES = 10_000 * MULAW_BYTES_PER_MS;
/** What is kept is given back in pieces like the caller's own. */
const PIECE_BYTES = 20 * MULAW_BYTES_PER_MS;

type State =
  /** Nothing is said that a next session would need: only the last moments are kept. */
  | { name: 'rolling' }
  | { name: 'keeping'; isUtterance: boolean }
  /** The utterance is over, its text is not known yet: some silence after it is kept, and nothing more. */
  | { name: 'ended'; roomBytes: number };

/**
 * The caller's audio that a next session would need to hear: the utterance whose text is not known yet, and what is
 * said while there is no session. Copied into one buffer: thousands of small objects that live for a second or two would
 * cost more time in the garbage collector than all else that is done with a frame.
 */
export class ReplayBuffer {
  /** Mu-law of the telephone line; the newest audio ends at `end`. */
  private buffer = Buffer.allocUnsafeSlow(2 * PRE_ROLL_BYTES);
  private end = 0;
  private state: State = { name: 'rolling' };

  /** Mu-law at 8 kHz. */
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

  /** The caller began to speak: everything is kept from here on, the last moments included. */
  utteranceStarted(): void {
    this.keepFrom({ name: 'keeping', isUtterance: true });
  }

  utteranceEnded(): void {
    if (this.hasUtterance) this.state = { name: 'ended', roomBytes: PAUSE_BYTES };
  }

  /** There is no session: everything is kept. */
  keep(): void {
    this.keepFrom({ name: 'keeping', isUtterance: this.hasUtterance });
  }

  /** What was kept has been understood, or answered. */
  forget(): void {
    this.state = { name: 'rolling' };
    this.end = 0;
    if (this.buffer.length > 2 * PRE_ROLL_BYTES) this.buffer = Buffer.allocUnsafeSlow(2 * PRE_ROLL_BYTES);
  }

  /** Something was said whose words are not known. */
  get hasUtterance(): boolean {
    return this.state.name === 'ended' || (this.state.name === 'keeping' && this.state.isUtterance);
  }

  /** In the order it was heard. */
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
    // Of what rolled by, the last moments are kept and not whatever the buffer happens to hold.
    if (this.state.name === 'rolling') this.dropAllBut(PRE_ROLL_BYTES);
    this.state = state;
  }

  /** The buffer is full: what is too old goes, or the buffer grows. */
  private makeRoom(sizeBytes: number): void {
    if (this.state.name === 'rolling') this.dropAllBut(PRE_ROLL_BYTES);
    // In blocks: moving everything for every frame would cost more than keeping it.
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
