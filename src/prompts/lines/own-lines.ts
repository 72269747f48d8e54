import type { AssistantLines } from '../assistant-prompt.js';

/** Everything the gateway can say in one language when the assistant's author has written no lines for it. */
export interface OwnLines {
  greeting: string;
  lines: AssistantLines;
}
