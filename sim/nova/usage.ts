interface Tokens {
  speechTokens: number;
  textTokens: number;
}

interface Usage {
  input: Tokens;
  output: Tokens;
}

/** Plausible, not measured: the service does not say how many tokens a second of speech is. */
const SPEECH_TOKENS_PER_SECOND = 25;
const CHARACTERS_PER_TOKEN = 4;

/** Counts what a session uses. Totals grow with the session; a delta is what came since the report before. */
export class UsageMeter {
  private readonly total = usage();
  private reported = usage();

  addSpeech(side: 'input' | 'output', durationMs: number): void {
    this.total[side].speechTokens += (durationMs / 1000) * SPEECH_TOKENS_PER_SECOND;
  }

  addText(side: 'input' | 'output', text: string): void {
    this.total[side].textTokens += text.length / CHARACTERS_PER_TOKEN;
  }

  /** The body of a usageEvent. */
  report(): Record<string, unknown> {
    const total = {
      input: whole(this.total.input),
      output: whole(this.total.output),
    };
    const delta = {
      input: difference(total.input, this.reported.input),
      output: difference(total.output, this.reported.output),
    };
    this.reported = total;
    const totalInputTokens = total.input.speechTokens + total.input.textTokens;
    const totalOutputTokens = total.output.speechTokens + total.output.textTokens;
    return {
      details: { delta, total },
      totalInputTokens,
      totalOutputTokens,
      totalTokens: totalInputTokens + totalOutputTokens,
    };
  }
}

function usage(): Usage {
  return { input: { speechTokens: 0, textTokens: 0 }, output: { speechTokens: 0, textTokens: 0 } };
}

function whole({ speechTokens, textTokens }: Tokens): Tokens {
  return { speechTokens: Math.ceil(speechTokens), textTokens: Math.ceil(textTokens) };
}

function difference(a: Tokens, b: Tokens): Tokens {
  return { speechTokens: a.speechTokens - b.speechTokens, textTokens: a.textTokens - b.textTokens };
}
