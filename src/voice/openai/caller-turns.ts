import type { VoiceEvent } from '../session.js';

/** Maximum number of utterances remembered. Their texts are seconds late at most. */
const REMEMBERED = 64;

/** Reports the caller's utterances: their places when the service takes them, their texts whenever they arrive. */
export class CallerTurns {
  private readonly emit: (event: VoiceEvent) => void;
  /** The text of each utterance so far. */
  private readonly partials = new Map<string, string>();

  constructor(emit: (event: VoiceEvent) => void) {
    this.emit = emit;
  }

  /**
   * Called when the utterance is part of the conversation. Its texts may arrive in any order, even after the answer.
   */
  taken(itemId: string): void {
    if (this.partials.has(itemId)) return;
    this.partials.set(itemId, '');
    for (const oldest of this.partials.keys()) {
      if (this.partials.size <= REMEMBERED) break;
      this.partials.delete(oldest);
    }
    this.emit({ type: 'caller-turn', itemId });
  }

  textDelta(itemId: string, piece: string): void {
    this.taken(itemId);
    if (piece === '') return;
    const text = (this.partials.get(itemId) ?? '') + piece;
    this.partials.set(itemId, text);
    this.emit({ type: 'caller-text', itemId, text, final: false });
  }

  textCompleted(itemId: string, whole: string): void {
    this.taken(itemId);
    const hadPartial = this.partials.get(itemId) !== '';
    this.partials.set(itemId, '');
    const text = whole.trim();
    // Noise that was taken for speech has no text and is no turn.
    if (text !== '' || hadPartial) this.emit({ type: 'caller-text', itemId, text, final: true });
  }
}
