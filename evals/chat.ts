import type { ChatCompletionMessageParam, ChatCompletionTool } from 'openai/resources';
import type { AssistantPrompt } from '../src/prompts/assistant-prompt.js';
import { END_CALL_TOOL, builtInTools } from '../src/call/media/built-in-tools.js';
import { EscalationRules } from '../src/escalation/rules.js';
import { TRANSFER_TOOL } from '../src/escalation/watch.js';
import type { ModelClient } from './service.js';
import type { OfferedTools } from './offered-tools.js';

// A conversation between a text model and a scripted caller.

/** A call of one of the operator's tools. */
export interface ToolCall {
  name: string;
  /** As the model wrote them. */
  parameters: string;
  /** What the model was told, as JSON. */
  output: string;
}

export interface ConversationTurn {
  speaker: 'caller' | 'assistant';
  text: string;
}

/** One conversation and how it ended. */
export interface Conversation {
  turns: readonly ConversationTurn[];
  toolCalls: readonly ToolCall[];
  /** What happened, one line each, in order. */
  transcript: readonly string[];
  /** The tool that ended the conversation. `undefined` if the caller had said everything. */
  endedBy: 'transfer_to_human' | 'end_call' | undefined;
}

/** Maximum number of answers to one turn of the caller, so that a model cannot call tools for ever. */
const MAX_ROUNDS = 5;

const BUILT_IN: readonly ChatCompletionTool[] = builtInTools(new EscalationRules()).map((definition) => ({
  type: 'function',
  function: definition,
}));

/** Has a text model play the assistant, with the tools of a call, to a caller who says `caller`. @throws ModelFault */
export async function converse(
  assistant: ModelClient,
  prompt: AssistantPrompt,
  caller: readonly string[],
  offered: OfferedTools,
): Promise<Conversation> {
  const conversation = new Played(prompt);
  for (const text of caller) {
    conversation.callerSays(text);
    for (let round = 0; round < MAX_ROUNDS; round += 1) {
      const { content, tool_calls: calls = [] } = await assistant.ask(conversation.messages, [
        ...BUILT_IN,
        ...offered.definitions,
      ]);
      const said = content?.trim() ?? '';
      if (said !== '') conversation.assistantSays(said);
      const named = calls.flatMap((call) => ('function' in call ? [{ id: call.id, ...call.function }] : []));
      const ending = [TRANSFER_TOOL, END_CALL_TOOL].find((tool) => named.some(({ name }) => name === tool));
      if (ending !== undefined) return conversation.end(ending as 'transfer_to_human' | 'end_call');
      if (named.length === 0) break;
      for (const call of named) {
        const output = JSON.stringify(await offered.answer(call.name, call.arguments));
        conversation.assistantCalls({ id: call.id, name: call.name, parameters: call.arguments, output });
      }
    }
  }
  return conversation.end(undefined);
}

/** A conversation so far, in the forms that model, checks and judge need. */
class Played {
  readonly messages: ChatCompletionMessageParam[];
  private readonly turns: ConversationTurn[] = [];
  private readonly toolCalls: ToolCall[] = [];
  private readonly transcript: string[] = [];

  constructor({ greeting, instructions }: AssistantPrompt) {
    this.messages = [{ role: 'system', content: instructions }];
    this.assistantSays(greeting);
  }

  callerSays(text: string): void {
    this.messages.push({ role: 'user', content: text });
    this.turns.push({ speaker: 'caller', text });
    this.transcript.push(`Caller: ${text}`);
  }

  assistantSays(text: string): void {
    this.messages.push({ role: 'assistant', content: text });
    this.turns.push({ speaker: 'assistant', text });
    this.transcript.push(`Assistant: ${text}`);
  }

  assistantCalls({ id, ...call }: ToolCall & { id: string }): void {
    const { name, output, parameters } = call;
    this.messages.push(
      { role: 'assistant', tool_calls: [{ id, type: 'function', function: { name, arguments: parameters } }] },
      { role: 'tool', tool_call_id: id, content: output },
    );
    this.toolCalls.push(call);
    this.transcript.push(`(The assistant used the tool ${name} with ${parameters}, which answered ${output}.)`);
  }

  end(endedBy: Conversation['endedBy']): Conversation {
    if (endedBy !== undefined) this.transcript.push(`(The assistant used the tool ${endedBy}.)`);
    const { toolCalls, transcript, turns } = this;
    return { turns, toolCalls, transcript, endedBy };
  }
}
