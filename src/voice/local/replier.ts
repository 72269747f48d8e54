/** A piece of an answer. It is a sentence, or a tool call to make once everything before it has been said. */
export type ReplyPart = { type: 'sentence'; text: string } | ToolCallPart;

export interface ToolCallPart {
  type: 'tool-call';
  toolCallId: string;
  name: string;
  arguments: unknown;
}

/** Decides what to say. It is the built-in dialog or a language model. */
export interface Replier {
  /**
   * Yields the answer to what the caller said. `''` stands for speech that was not understood. Ends early and without
   * an error when `signal` is aborted.
   */
  reply(text: string, signal: AbortSignal): AsyncIterable<ReplyPart>;
  /** Takes a tool's result. Returns whether {@link Replier.resume} has something to say about it. */
  toolResult(toolCallId: string, output: unknown): boolean;
  /** Yields what follows from the tool results. */
  resume(signal: AbortSignal): AsyncIterable<ReplyPart>;
}
