import type { AssistantLines } from '../assistant-prompt.js';

/** The greeting and the lines that the gateway brings for one language. */
export interface OwnLines {
  greeting: string;
  lines: AssistantLines;
}
