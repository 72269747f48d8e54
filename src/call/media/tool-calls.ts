import type { Escalation } from '../../escalation/escalation.js';
import type { ToolFault } from '../../voice/tools.js';
import { type AssistantWish, assistantWish } from './assistant-tools.js';
import { END_CALL_TOOL } from './built-in-tools.js';
import type { ConversationParts } from './conversation.js';

// Answers the model's tool calls.

/** The `sayId` of every line that is spoken while a tool runs. */
const FILLER_SAY_ID = 'filler';

/** A tool call, as the model's event carries it. */
export interface ToolCall {
  toolCallId: string;
  name: string;
  arguments: unknown;
}

/** How an answer reaches the model and a line reaches the caller. Pipeline and bridge do this differently. */
export interface ToolCallReplies {
  /** Called exactly once for each tool call, because the model waits for the answer. */
  answer: (output: unknown) => void;
  say: (text: string, sayId: string) => void;
}

/** Answers a tool call. The built-in tools act on the phone call; every other name goes to the tool runner. */
export function answerToolCall(
  { escalationWatch, listener, tools }: Pick<ConversationParts, 'escalationWatch' | 'listener' | 'tools'>,
  call: ToolCall,
  { answer, say }: ToolCallReplies,
): void {
  let escalation: Escalation | undefined;
  let wish: AssistantWish | undefined;
  try {
    wish = assistantWish(call.name, call.arguments);
    escalation = escalationWatch.toolCalled(call.name, call.arguments);
  } catch (error) {
    // What a provider of an extension passes may throw when it is read.
    answer({ error: 'The tool call could not be read.' });
    throw error;
  }
  const isBuiltIn = escalation !== undefined || wish !== undefined || call.name === END_CALL_TOOL;
  const { toolCallId } = call;
  listener.onSign({ type: 'tool', name: isBuiltIn || tools.has(call.name) ? call.name : '', toolCallId });
  const done = (fault?: ToolFault): void => listener.onSign({ type: 'tool-done', toolCallId, fault });
  if (escalation !== undefined) {
    answer({ status: 'ok' });
    done();
    listener.onEscalation(escalation);
  } else if (call.name === END_CALL_TOOL) {
    answer({ status: 'ok' });
    done();
    listener.onEndCall();
  } else if (wish !== undefined) {
    listener.onAssistantWish(wish, (refusal) => {
      done();
      if (refusal !== undefined) answer({ error: refusal });
    });
  } else {
    const { name, arguments: callArguments } = call;
    tools.run({
      name,
      arguments: callArguments,
      onResult: (output, fault) => {
        done(fault);
        answer(output);
      },
      onFiller: (text) => say(text, FILLER_SAY_ID),
    });
  }
}
