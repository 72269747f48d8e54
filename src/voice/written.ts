/** A text that a model wrote, and the tokens it used. */
export interface Written {
  text: string;
  inputTokens: number;
  outputTokens: number;
}
