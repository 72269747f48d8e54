import type { Assistant } from './assistant.js';
import type { Assistants } from './assistants.js';
import { namedAssistant } from './named-assistant.js';
import { filledPrompt } from './placeholders.js';

/** What is known of a call to a number before it is answered, as far as it concerns the assistant. */
export interface KnownCaller {
  variables: Readonly<Record<string, string>>;
  assistant?: string | undefined;
  language?: string | undefined;
}

/** Returns the assistant that answers a call to `ownNumber`. What it does not have, such as a language, changes nothing. */
export function assistantForCaller(
  assistants: Assistants,
  ownNumber: string,
  known: KnownCaller | undefined,
): Assistant {
  const own = assistants.for(ownNumber);
  const chosen = namedAssistant(assistants, known?.assistant, ownNumber) ?? own;
  const { language } = known ?? {};
  const prompt = (language === undefined ? undefined : chosen.promptIn(language)) ?? chosen.prompt;
  const filled = filledPrompt(prompt, known?.variables);
  return filled === chosen.prompt ? chosen : chosen.withPrompt(filled);
}
