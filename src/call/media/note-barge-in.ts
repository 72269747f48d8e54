import type { ConversationParts } from './conversation.js';

/** Counts an interruption that has cut something off. */
export function noteBargeIn({ listener, metrics }: Pick<ConversationParts, 'listener' | 'metrics'>): void {
  metrics.bargeIns.inc();
  listener.onSign({ type: 'barge-in' });
}
