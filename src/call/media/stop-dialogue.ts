import type { ConversationParts } from './conversation.js';

/**
 * Ends the dialogue when the call leaves its stream: the model stops talking, keys, tools and silence no longer count,
 * and only the response to `sayId` may still be heard. Playout is stopped by the caller of this function, because
 * pipeline and bridge do that differently.
 */
export function stopDialogue({ gate, prewarmed, idle, dtmf, tools }: ConversationParts, sayId: string): void {
  gate.leave(sayId);
  dtmf.close();
  idle.close();
  tools.close();
  prewarmed.session.cancel();
}
