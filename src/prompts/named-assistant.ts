import type { Assistant } from './assistant.js';
import { BUILT_IN_DRAFTS, builtInPrompt } from './built-in.js';

/** The assistants among which one is looked for. */
export interface KnownAssistants {
  readonly byNumber: ReadonlyMap<string, Assistant>;
  readonly otherwise: Assistant;
  readonly all: readonly Assistant[];
  for(numberCalled: string): Assistant;
}

/**
 * Returns the assistant with this name: that of a prompt, or a number that has an assistant of its own. Without a name it is that of
 * `ownNumber`. `undefined` if there is none.
 */
export function namedAssistant(
  assistants: KnownAssistants,
  name: string | undefined,
  ownNumber: string,
): Assistant | undefined {
  if (name === undefined) return assistants.for(ownNumber);
  const own = assistants.byNumber.get(name) ?? assistants.all.find(({ prompt }) => prompt.name === name);
  if (own !== undefined || !Object.hasOwn(BUILT_IN_DRAFTS, name)) return own;
  const draft = BUILT_IN_DRAFTS[name];
  return draft && assistants.otherwise.withPrompt(builtInPrompt(draft), draft);
}
