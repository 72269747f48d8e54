interface Tokens {
  speechTokens: number;
  textTokens: number;
}

interface Usage {
  input: Tokens;
  output: Tokens;
}

/** A plausible rate. The service does not document how many tokens a second of speech has. */
const SPEECH_TOKENS_PER_SECOND = 25;
const CHARACTERS_PER_TOKEN = 4;

/** Counts a session's tokens. Totals grow with the session, and a delta counts the tokens since the last report. */
export class UsageMeter {
  private readonly total = usage();
  private reported = usage();

  addSpeech(side: 'input' | 'output', durationMs: number): void {
    this.total[side].speechTokens += (durationMs / 1000) * SPEECH_TOKENS_PER_SECOND;
  }

  addText(side: 'input' | 'output', text: string): void {
    this.total[side].textTokens += text.length / CHARACTERS_PER_TOKEN;
  }

  /** Returns the body of a usageEvent. */
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
