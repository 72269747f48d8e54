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

/** What was chosen during a call in place of what it began with. */
export interface ChosenAssistant {
  /** Name of the assistant to which the caller was passed. Absent: the one that has answered. */
  assistant?: string | undefined;
  /** BCP 47 tag of the language to which the caller has changed. Absent: that of the assistant. */
  language?: string | undefined;
}

/**
 * Returns the assistant that talks on a call to `ownNumber` once another one, or another language, was chosen. A name or a language
 * that is not there, because another instance has other settings, changes nothing.
 */
export function chosenAssistant(
  assistants: Assistants,
  ownNumber: string,
  known: KnownCaller | undefined,
  { assistant, language }: ChosenAssistant,
): Assistant {
  const first = assistantForCaller(assistants, ownNumber, known);
  if (language === undefined && assistant === undefined) return first;
  const named = assistant === undefined ? undefined : namedAssistant(assistants, assistant, ownNumber);
  const next = named ?? namedAssistant(assistants, known?.assistant, ownNumber) ?? assistants.for(ownNumber);
  const wanted = language ?? known?.language;
  const spoken = (wanted === undefined ? undefined : next.inLanguage(wanted)) ?? next;
  return spoken.withPrompt(filledPrompt(spoken.prompt, known?.variables));
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
