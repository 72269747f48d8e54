import type { VoiceEvent } from '../session.js';

export interface CallerTurnsOptions {
  emit: (event: VoiceEvent) => void;
  newId: (kind: 'caller') => string;
  /** Before anybody is told what the caller said: whoever is told may act at once. */
  onSaid: () => void;
}

/**
 * What the caller said, as the model understood it; always final. Each text block is an utterance of its own: the service
 * may cut one turn into several. Texts within one block are joined under its item.
 */
export class CallerTurns {
  private readonly options: CallerTurnsOptions;
  private readonly blocks = new Map<string, { itemId: string; text: string }>();
  /** Texts the session sent as the caller's; the service may give them back. */
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

  /** Not known whether the service gives such a text back; if so, then before it answers. */
  textSent(text: string): void {
    this.sent.push(text.trim());
  }

  /** The model has begun to answer: from here on the same words are the caller's own. */
  answered(): void {
    this.sent = [];
  }
}
