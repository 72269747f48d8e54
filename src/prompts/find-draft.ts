import { resolve } from 'node:path';
import { readJsonFile } from '../base/json-file.js';
import { BUILT_IN_DRAFTS } from './built-in.js';
import { type PromptDraft, promptDraft } from './draft.js';

/**
 * Finds a built-in prompt by its name, or reads one from a JSON file by its path relative to `folder`. Returns a string if
 * there is none: the problem, as the second half of a sentence that has named the prompt.
 */
export async function findDraft(nameOrPath: string, folder: string): Promise<PromptDraft | string> {
  if (isPromptFile(nameOrPath)) return readJsonFile(resolve(folder, nameOrPath), promptDraft);
  const builtIn = Object.hasOwn(BUILT_IN_DRAFTS, nameOrPath) ? BUILT_IN_DRAFTS[nameOrPath] : undefined;
  return builtIn ?? `there is only ${Object.keys(BUILT_IN_DRAFTS).join(', ')}, or a JSON file by its path`;
}

/** Whether a prompt is named by the path of its file. */
export function isPromptFile(nameOrPath: string): boolean {
  return /[/\\]|\.json$/i.test(nameOrPath);
}
