import type { ToolDefinition } from '../../voice/session.js';

/** The tool with which a model passes the caller on to another assistant. */
export const PASS_TOOL = 'transfer_to_assistant';
/** The tool with which a model changes the language of the call. */
export const LANGUAGE_TOOL = 'switch_language';

/** What a model, or a tool of an extension, wants. The values are what was passed, and nothing of them is checked. */
export type AssistantWish =
  { kind: 'assistant'; name: unknown; summary: unknown } | { kind: 'language'; language: unknown };

/** To which assistants and languages the one that talks may change. */
export interface Ways {
  /** By name, each with when to do so. */
  passesTo: Readonly<Record<string, string>>;
  /** BCP 47 tags. */
  otherLanguages: readonly string[];
}

/** Returns the tools that depend on which assistant talks: those with which another one, or another language, follows. */
export function assistantTools({ otherLanguages, passesTo }: Ways): readonly ToolDefinition[] {
  const tools: ToolDefinition[] = [];
  const next = Object.entries(passesTo);
  if (next.length > 0) {
    const list = next.map(([name, when]) => `${JSON.stringify(name)}: ${when}`).join('; ');
    tools.push({
      name: PASS_TOOL,
      description: `Pass the caller on to another assistant, who continues this call. Before you call it, say in one short sentence that you are doing so. Say nothing after it. The assistants, and when: ${list}`,
      parameters: {
        type: 'object',
        properties: {
          name: { type: 'string', enum: next.map(([name]) => name), description: 'The assistant.' },
          summary: { type: 'string', description: 'One sentence: what the caller wants.' },
        },
        required: ['name'],
      },
    });
  }
  if (otherLanguages.length > 0) {
    tools.push({
      name: LANGUAGE_TOOL,
      description:
        'Change the language of this call. Call it as soon as the caller speaks another of these languages, or asks for it, and before you answer. Say nothing before it.',
      parameters: {
        type: 'object',
        properties: { language: { type: 'string', enum: otherLanguages, description: 'BCP 47 tag.' } },
        required: ['language'],
      },
    });
  }
  return tools;
}

/** Returns what a tool call wishes. `undefined` if it is another tool. May throw if the arguments throw when they are read. */
export function assistantWish(name: string, callArguments: unknown): AssistantWish | undefined {
  if (name !== PASS_TOOL && name !== LANGUAGE_TOOL) return undefined;
  const given =
    typeof callArguments === 'object' && callArguments !== null ? (callArguments as Record<string, unknown>) : {};
  return name === PASS_TOOL
    ? { kind: 'assistant', name: given['name'], summary: given['summary'] }
    : { kind: 'language', language: given['language'] };
}
