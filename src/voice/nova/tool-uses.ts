type Use =
  /** The service has not ended the block. An answer before that is out of order. */
  { name: 'announced'; contentId: string; call: ToolCall | undefined } | { name: 'waiting' };

export interface ToolCall {
  toolCallId: string;
  name: string;
  arguments: unknown;
}

/**
 * Tracks tool calls, because each must be answered exactly once. The model hangs without an answer, and an answer to an
 * unknown id ends the session.
 */
export class ToolUses {
  private readonly uses = new Map<string, Use>();

  /** Whether the model waits for a tool. */
  get isWaiting(): boolean {
    return this.uses.size > 0;
  }

  /** Returns false if the tool use is known already. */
  announced(use: { contentId: string; toolUseId: string; name: string; content: string }): boolean {
    if (this.uses.has(use.toolUseId)) return false;
    const parsed = argumentsOf(use.content);
    const call = parsed && { toolCallId: use.toolUseId, name: use.name, arguments: parsed };
    this.uses.set(use.toolUseId, { name: 'announced', contentId: use.contentId, call });
    return true;
  }

  /**
   * Called when the block of a tool use has ended. Without `contentId`, every announced block has. Returns the calls to
   * make, and the ids of uses with unreadable arguments, which the session answers itself.
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

  /** Called with an answer. Returns false if no answer to this id is due. */
  answered(toolUseId: string): boolean {
    return this.uses.get(toolUseId)?.name === 'waiting' && this.uses.delete(toolUseId);
  }
}

/**
 * Returns the arguments as an object, or `undefined` if they are unreadable. Nova sometimes encodes them twice. An
 * empty text means that there are none.
 */
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

/** Returns the result of a tool as the text of a JSON object, because the service takes nothing else. */
export function toolResultText(output: unknown): string {
  const isObject = typeof output === 'object' && output !== null && !Array.isArray(output);
  try {
    return JSON.stringify(isObject ? output : { result: output ?? null });
  } catch {
    return '{"error":"The result could not be given."}';
  }
}
