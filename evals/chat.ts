import OpenAI from 'openai';
import type { ChatCompletionMessageParam, ChatCompletionTool } from 'openai/resources';
import type { AssistantPrompt } from '../src/prompts/assistant-prompt.js';
import { END_CALL_TOOL, builtInTools } from '../src/call/media/built-in-tools.js';
import { EscalationRules } from '../src/escalation/rules.js';
import { TRANSFER_TOOL } from '../src/escalation/watch.js';

// A conversation between a text model and a scripted caller.

/** The service that runs both models. */
export interface ModelService {
  apiKey: string;
  baseUrl: string;
  /** The model that plays the assistant. */
  model: string;
  judgeModel: string;
}

/** One conversation and how it ended. */
export interface Conversation {
  turns: readonly { speaker: 'caller' | 'assistant'; text: string }[];
  /** The tool that ended the conversation. `undefined` if the caller had said everything. */
  endedBy: 'transfer_to_human' | 'end_call' | undefined;
}

const REQUEST_MS = 60_000;

const TOOLS: ChatCompletionTool[] = builtInTools(new EscalationRules()).map((definition) => ({
  type: 'function',
  function: definition,
}));

export function openClient({ apiKey, baseUrl }: ModelService): OpenAI {
  return new OpenAI({ apiKey, baseURL: baseUrl, timeout: REQUEST_MS, maxRetries: 2 });
}

/** Has a text model play the assistant, with its tools of the telephone, to a caller who says `caller`. */
export async function converse(
  client: OpenAI,
  model: string,
  prompt: AssistantPrompt,
  caller: readonly string[],
): Promise<Conversation> {
  const turns: Conversation['turns'][number][] = [{ speaker: 'assistant', text: prompt.greeting }];
  const messages: ChatCompletionMessageParam[] = [
    { role: 'system', content: prompt.instructions },
    { role: 'assistant', content: prompt.greeting },
  ];
  for (const text of caller) {
    turns.push({ speaker: 'caller', text });
    messages.push({ role: 'user', content: text });
    const completion = await client.chat.completions.create({ model, messages, tools: TOOLS });
    const answer = completion.choices[0]?.message;
    const said = answer?.content?.trim() ?? '';
    if (said !== '') {
      turns.push({ speaker: 'assistant', text: said });
      messages.push({ role: 'assistant', content: said });
    }
    const called = answer?.tool_calls?.map((call) => ('function' in call ? call.function.name : '')) ?? [];
    if (called.includes(TRANSFER_TOOL)) return { turns, endedBy: TRANSFER_TOOL };
    if (called.includes(END_CALL_TOOL)) return { turns, endedBy: END_CALL_TOOL };
  }
  return { turns, endedBy: undefined };
}
