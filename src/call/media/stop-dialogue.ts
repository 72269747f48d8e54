import type { ConversationParts } from './conversation.js';

/**
 * Ends the dialogue when the call leaves its stream. The model stops talking. Keys, tools and silence no longer count.
 * Only the response to `sayId` may still be heard. Stopping playout is left to the pipeline and the bridge, because
 * each does it differently.
 */
export function stopDialogue({ gate, prewarmed, idle, dtmf, tools }: ConversationParts, sayId: string): void {
  gate.leave(sayId);
  dtmf.close();
  idle.close();
  tools.close();
  prewarmed.session.keepAssistant?.();
  prewarmed.session.cancel();
}
