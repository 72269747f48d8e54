type Use =
  /** The service has not ended the block yet; an answer before that is out of order. */
  { name: 'announced'; contentId: string; call: ToolCall | undefined } | { name: 'waiting' };

export interface ToolCall {
  toolCallId: string;
  name: string;
  arguments: unknown;
}

/** Each use of a tool has to be answered exactly once: the model hangs without an answer, and one to an unknown id is fatal. */
export class ToolUses {
  private readonly uses = new Map<string, Use>();

  /** The model waits for an answer. */
  get isWaiting(): boolean {
    return this.uses.size > 0;
  }

  /** False: known already. */
  announced(use: { contentId: string; toolUseId: string; name: string; content: string }): boolean {
    if (this.uses.has(use.toolUseId)) return false;
    const parsed = argumentsOf(use.content);
    const call = parsed && { toolCallId: use.toolUseId, name: use.name, arguments: parsed };
    this.uses.set(use.toolUseId, { name: 'announced', contentId: use.contentId, call });
    return true;
  }

  /**
   * The block of a tool use has ended; without `contentId`, whatever was announced has. Gives the calls to make, and the
   * ids of uses whose arguments nobody can read, which the session answers itself.
   */
  ended(contentId?: string): { calls: ToolCall[]; unreadable: string[] } {
    const calls: ToolCall[] = [];
    const unreadable: string[] = [];
    for (const [toolUseId, use] of this.uses) {
      if (use.name !== 'announced' || (contentId !== undefined && use.contentId !== contentId)) continue;
      this.uses.set(toolUseId, { name: 'waiting' });
      if (use.call === undefined) unreadable.push(toolUseId);
      else calls.push(use.call);
    }
    return { calls, unreadable };
  }

  /** True: the answer is due, and is now given. */
  answered(toolUseId: string): boolean {
    return this.uses.get(toolUseId)?.name === 'waiting' && this.uses.delete(toolUseId);
  }
}

/** An object; Nova sometimes encodes it twice. Nothing at all means that there are none. */
function argumentsOf(content: string): Record<string, unknown> | undefined {
  if (content.trim() === '') return {};
  const once = parseJson(content);
  const value = typeof once === 'string' ? parseJson(once) : once;
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : undefined;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** What a tool gave, as the text of a JSON object: nothing else is taken. */
export function toolResultText(output: unknown): string {
  const isObject = typeof output === 'object' && output !== null && !Array.isArray(output);
  try {
    return JSON.stringify(isObject ? output : { result: output ?? null });
  } catch {
    return '{"error":"The result could not be given."}';
  }
}
