/** Typical speaking time of a character, used until a whole sentence was spoken. */
const TYPICAL_MS_PER_CHARACTER = 65;

/** Measures how fast the model speaks, to estimate how much of a broken sentence was spoken. */
export class Pace {
  private characters = 0;
  private durationMs = 0;

  spoken(text: string, durationMs: number): void {
    this.characters += text.length;
    this.durationMs += durationMs;
  }

  /** Returns the share of `text` that fits into `durationMs`. It may be above 1. */
  shareOf(text: string, durationMs: number): number {
    const isKnown = this.characters > 0 && this.durationMs > 0;
    const msPerCharacter = isKnown ? this.durationMs / this.characters : TYPICAL_MS_PER_CHARACTER;
    return durationMs / (msPerCharacter * Math.max(1, text.length));
  }
}
