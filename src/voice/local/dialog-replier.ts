import { Dialog } from './policy.js';
import type { Replier, ReplyPart } from './replier.js';

/** The built-in dialog in the shape of a {@link Replier}. */
export class DialogReplier implements Replier {
  private readonly dialog: Dialog;
  private toolCalls = 0;

  /** `canTransfer` says whether the model may call the transfer tool. */
  constructor({ canTransfer }: { canTransfer: boolean }) {
    this.dialog = new Dialog({ canTransfer });
  }

  async *reply(text: string, signal: AbortSignal): AsyncIterable<ReplyPart> {
    const reply = this.dialog.answer(text);
    for (const sentence of reply.sentences) {
      if (signal.aborted) return;
      yield { type: 'sentence', text: sentence };
    }
    if (reply.call === undefined) return;
    const toolCallId = `dialog-${++this.toolCalls}`;
    yield { type: 'tool-call', toolCallId, name: reply.call.tool, arguments: reply.call.arguments };
  }

  toolResult(): boolean {
    return false;
  }

  async *resume(): AsyncIterable<ReplyPart> {}
}
