import type { Turn } from '../../voice/history.js';

/**
 * Counts how many times in a row the assistant spoke without a word from the caller's side. Hold music or a television is
 * not silence: the model takes it for speech and answers without end.
 *
 * It counts only once the caller has said something. Without any words at all, the transcription may be what is missing.
 */
export class UnansweredTurns {
  private readonly limit: number;
  private readonly onReached: () => void;
  private turns = 0;
  private hasWords = false;
  private last: Readonly<Turn> | undefined;

  /** `limit`: 0 turns the count off. `onReached`: called once when the limit is reached, and again after more words. */
  constructor(options: { limit: number; onReached: () => void }) {
    this.limit = options.limit;
    this.onReached = options.onReached;
  }

  /** A turn is complete. The same turn comes again when it is interrupted. */
  note(turn: Readonly<Turn>): void {
    if (turn === this.last) return;
    this.last = turn;
    if (turn.speaker === 'assistant') {
      if (this.hasWords && ++this.turns === this.limit) this.onReached();
    } else if (/[\p{L}\p{N}]/u.test(turn.text)) this.answered();
  }

  /** The caller has answered: by words, or by a key. */
  answered(): void {
    this.hasWords = true;
    this.turns = 0;
  }
}
