import type { ConversationParts } from './conversation.js';

/**
 * Cuts what the caller hears, and tells the model nothing: it waits for the result of a tool, and a session that is cancelled or
 * interrupted meanwhile may not answer it.
 */
export function hush({ gate, history, listener, playback }: ConversationParts): void {
  gate.interrupt();
  for (const turn of history.heard(playback.clear())) listener.onTurn(turn);
}
