/** A piece of an answer: something to say, or a tool to call once everything before it has been said. */
export type ReplyPart = { type: 'sentence'; text: string } | ToolCallPart;

export interface ToolCallPart {
  type: 'tool-call';
  toolCallId: string;
  name: string;
  arguments: unknown;
}

/** What decides on the words: the built-in dialog or a language model. */
export interface Replier {
  /**
   * Answers what the caller said; `''` stands for speech that nobody could make out. Ends early, without an error, when
   * `signal` is aborted.
   */
  reply(text: string, signal: AbortSignal): AsyncIterable<ReplyPart>;
  /** Takes a tool's result; true when {@link Replier.goOn} has something to say about it. */
  toolResult(toolCallId: string, output: unknown): boolean;
  goOn(signal: AbortSignal): AsyncIterable<ReplyPart>;
}
