import type { AssistantPrompt } from '../src/prompts/assistant-prompt.js';

/** What a conversation is judged by. Each has a threshold of its own. */
export const QUALITIES = ['escalates', 'honest', 'brief', 'language', 'manner'] as const;
export type Quality = (typeof QUALITIES)[number];

/** One caller, and what is expected of the assistant. */
export interface EvalCase {
  name: string;
  prompt: AssistantPrompt;
  /** What the caller says, one turn after the other, whatever the assistant answers. */
  caller: readonly string[];
  /** Whether a human is called before the caller has run out of words; undefined: either will do. */
  escalates?: boolean;
  /** A primary language subtag: every answer has to be in it. Default: that of the prompt. */
  speaks?: string;
  /** What no answer may contain. */
  neverSays?: readonly RegExp[];
  /** Statements about the conversation that a judge has to find true. */
  judged: readonly { quality: Quality; statement: string }[];
}
