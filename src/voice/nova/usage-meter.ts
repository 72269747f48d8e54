interface Tokens {
  inputTokens: number;
  outputTokens: number;
}

/** Turns Nova's token counts, which are of the whole session each time, into the difference to the last one. */
export class UsageMeter {
  private last: Tokens = { inputTokens: 0, outputTokens: 0 };

  /** Returns the tokens used since the last call, or `undefined` if there are none. */
  since(total: Tokens): Tokens | undefined {
    const inputTokens = Math.max(0, total.inputTokens - this.last.inputTokens);
    const outputTokens = Math.max(0, total.outputTokens - this.last.outputTokens);
    this.last = {
      inputTokens: this.last.inputTokens + inputTokens,
      outputTokens: this.last.outputTokens + outputTokens,
    };
    return inputTokens + outputTokens === 0 ? undefined : { inputTokens, outputTokens };
  }
}
