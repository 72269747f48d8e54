import type { VoiceEvent } from '../session.js';

/** Texts come seconds late at most; so many utterances are remembered. */
const REMEMBERED = 64;

/** The caller's utterances: their places as they are taken, their texts whenever they come. */
export class CallerTurns {
  private readonly emit: (event: VoiceEvent) => void;
  /** What has come of the text of each. */
  private readonly partials = new Map<string, string>();

  constructor(emit: (event: VoiceEvent) => void) {
    this.emit = emit;
  }

  /** The utterance is part of the conversation from here on. Texts refer to it, in any order, even after the answer. */
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
    // A noise that was taken for speech has no text, and is no turn.
    if (text !== '' || hadPartial) this.emit({ type: 'caller-text', itemId, text, final: true });
  }
}
