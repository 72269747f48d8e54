import type { AssistantPrompt } from './assistant-prompt.js';
import { defaultDraft } from './default.js';
import { type PromptDraft, completed } from './draft.js';
import { salesDraft } from './sales.js';
import { technicalDraft } from './technical.js';

/** The prompts that come with the gateway, by name. */
export const BUILT_IN_DRAFTS: Readonly<Record<string, PromptDraft>> = {
  default: defaultDraft,
  technical: technicalDraft,
  sales: salesDraft,
};

/** Completes a built-in draft. */
export function builtInPrompt(draft: PromptDraft): AssistantPrompt {
  const prompt = completed(draft);
  if (typeof prompt === 'string') throw new TypeError(`A built-in prompt is incomplete: ${prompt}`);
  return prompt;
}

/** The prompt used if no other is configured. */
export const defaultPrompt = builtInPrompt(defaultDraft);
