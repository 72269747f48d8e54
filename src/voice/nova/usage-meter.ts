interface Tokens {
  inputTokens: number;
  outputTokens: number;
}

/** Nova reports the whole session's tokens each time; the owner wants what came since. */
export class UsageMeter {
  private last: Tokens = { inputTokens: 0, outputTokens: 0 };

  /** Undefined: nothing. */
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
