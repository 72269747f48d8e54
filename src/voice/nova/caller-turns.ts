import type { VoiceEvent } from '../session.js';

export interface CallerTurnsOptions {
  emit: (event: VoiceEvent) => void;
  newId: (kind: 'caller') => string;
  /** Called before an event reports what the caller said, because its listener may act at once. */
  onSaid: () => void;
}

/**
 * Reports what the caller said, as the model understood it. All texts are final. Each text block is an utterance of its
 * own, because the service may split one turn into several. The texts of one block are joined under its item.
 */
export class CallerTurns {
  private readonly options: CallerTurnsOptions;
  private readonly blocks = new Map<string, { itemId: string; text: string }>();
  /** Texts that the session sent as the caller's, which the service may return. */
  private sent: string[] = [];

  constructor(options: CallerTurnsOptions) {
    this.options = options;
  }

  started(contentId: string): void {
    this.blocks.set(contentId, { itemId: '', text: '' });
  }

  has(contentId: string): boolean {
    return this.blocks.has(contentId);
  }

  text(contentId: string, text: string): void {
    const block = this.blocks.get(contentId);
    const words = text.trim();
    if (block === undefined || words === '') return;
    const echo = this.sent.indexOf(words);
    if (echo >= 0) {
      this.sent.splice(echo, 1);
      return;
    }
    this.options.onSaid();
    if (block.itemId === '') {
      block.itemId = this.options.newId('caller');
      this.options.emit({ type: 'caller-turn', itemId: block.itemId });
    }
    block.text = block.text === '' ? words : `${block.text} ${words}`;
    this.options.emit({ type: 'caller-text', itemId: block.itemId, text: block.text, final: true });
  }

  ended(contentId: string): void {
    this.blocks.delete(contentId);
  }

  /** Called for a text sent as the caller's. If the service returns it at all, it does so before the answer. */
  textSent(text: string): void {
    this.sent.push(text.trim());
  }

  /** Called when the model has begun to answer. From here on the same words are the caller's own. */
  answered(): void {
    this.sent = [];
  }
}
