/** A fault that a session counts and survives. The union is closed, because it labels a metric. */
export type LocalAnomaly =
  /** The recogniser failed on an utterance. */
  | 'recognition-failed'
  /** An answer of the language model failed before its first word. */
  | 'failed-answer'
  /** An answer of the language model ended without a word and without a call. */
  | 'empty-answer'
  /** An answer of the language model ended in the middle. */
  | 'cut-answer'
  /** The language model called a tool with arguments that cannot be read. */
  | 'bad-tool-arguments';
