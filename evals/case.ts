import type { AssistantPrompt } from '../src/prompts/assistant-prompt.js';

/** The qualities that a conversation is judged by. Each has a threshold of its own. */
export const QUALITIES = ['escalates', 'honest', 'brief', 'language', 'manner'] as const;
export type Quality = (typeof QUALITIES)[number];

/** One caller, and what is expected of the assistant. */
export interface EvalCase {
  name: string;
  prompt: AssistantPrompt;
  /** The caller's turns in order. They do not depend on the assistant's answers. */
  caller: readonly string[];
  /** Whether the assistant must transfer the call before the caller's last turn is over. `undefined` accepts both. */
  escalates?: boolean;
  /** Primary language subtag of every answer. By default that of the prompt. */
  speaks?: string;
  /** Patterns that no answer may contain. */
  neverSays?: readonly RegExp[];
  /** Statements about the conversation that the judge must find true. */
  judged: readonly { quality: Quality; statement: string }[];
}
