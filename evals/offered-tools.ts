import type { ChatCompletionTool } from 'openai/resources';
import { pino } from 'pino';
import { systemClock } from '../src/base/clock.js';
import type { AssistantPrompt } from '../src/prompts/assistant-prompt.js';
import { type AssistantTool, ToolRunner, toolDefinition } from '../src/voice/tools.js';

// The operator's tools in an evaluation.

/** The operator's tools as one conversation has them. */
export interface OfferedTools {
  definitions: readonly ChatCompletionTool[];
  /** Resolves with what the model is told. `parameters` is JSON as the model wrote it. */
  answer(name: string, parameters: string): Promise<unknown>;
}

/** What the model is told if a tool is not run and the case has no result for it: that it failed, as in a call. */
const NOT_RUN = { error: 'The tool failed. Tell the caller that it did not work.' };

/**
 * Offers the tools that the prompt may use. `results` are answers by the tool's name. A tool without one is run only if `isRun`,
 * because a tool can change things.
 */
export function offerTools(
  tools: readonly AssistantTool[],
  results: Readonly<Record<string, unknown>>,
  isRun: boolean,
): OfferedTools {
  const answered = tools.map((tool): AssistantTool => {
    if (Object.hasOwn(results, tool.name)) return { ...tool, run: () => Promise.resolve(results[tool.name]) };
    return isRun ? tool : { ...tool, run: () => Promise.resolve(NOT_RUN) };
  });
  return {
    definitions: tools.map((tool) => ({ type: 'function', function: toolDefinition(tool) })),
    answer: async (name, parameters) => {
      // The same runner as in a call, so that arguments, time and result are checked in the same way.
      const runner = new ToolRunner({
        tools: answered,
        clock: systemClock,
        context: () => ({ conversationId: 'evals', callerNumber: '', log: pino({ level: 'silent' }) }),
      });
      try {
        return await new Promise((resolve) => {
          runner.run({ name, arguments: parsed(parameters), onResult: resolve, onFiller: () => undefined });
        });
      } finally {
        runner.close();
      }
    },
  };
}

/** Returns the registered tools that a prompt may use. */
export function toolsOf({ tools }: AssistantPrompt, registered: readonly AssistantTool[]): readonly AssistantTool[] {
  return tools === undefined ? registered : registered.filter(({ name }) => tools.includes(name));
}

function parsed(parameters: string): unknown {
  try {
    return parameters === '' ? {} : JSON.parse(parameters);
  } catch {
    return undefined;
  }
}
