import { END_CALL_TOOL } from './built-in-tools.js';
import type { ConversationParts } from './conversation.js';

/** Marks the line that is spoken while a tool works. */
const FILLER_SAY_ID = 'filler';

/** A tool call of the model, as its event carries it. */
export interface ToolCall {
  name: string;
  arguments: unknown;
}

/** How the answer reaches the model, and a line the caller: the part that pipeline and bridge do differently. */
export interface ToolCallReplies {
  /** Called exactly once for each call, because a model waits for the answer. */
  answer: (output: unknown) => void;
  say: (text: string, sayId: string) => void;
}

/** Answers a tool call: the two built-in tools act on the call, every other name goes to the tool runner. */
export function answerToolCall(
  { escalationWatch, listener, tools }: Pick<ConversationParts, 'escalationWatch' | 'listener' | 'tools'>,
  call: ToolCall,
  { answer, say }: ToolCallReplies,
): void {
  const escalation = escalationWatch.toolCalled(call.name, call.arguments);
  if (escalation !== undefined) {
    answer({ status: 'ok' });
    listener.onEscalation(escalation);
  } else if (call.name === END_CALL_TOOL) {
    answer({ status: 'ok' });
    listener.onEndCall();
  } else {
    const { name, arguments: callArguments } = call;
    tools.run({ name, arguments: callArguments, onResult: answer, onFiller: (text) => say(text, FILLER_SAY_ID) });
  }
}
