/** Until a sentence has been heard whole: about what voices need for a character. */
const TYPICAL_MS_PER_CHARACTER = 65;

/** How fast the model speaks, from the sentences it has finished: tells how much of a broken one can have been said. */
export class Pace {
  private characters = 0;
  private durationMs = 0;

  spoken(text: string, durationMs: number): void {
    this.characters += text.length;
    this.durationMs += durationMs;
  }

  /** The share of `text` that fits into `durationMs`; may be above 1. */
  shareOf(text: string, durationMs: number): number {
    const isKnown = this.characters > 0 && this.durationMs > 0;
    const msPerCharacter = isKnown ? this.durationMs / this.characters : TYPICAL_MS_PER_CHARACTER;
    return durationMs / (msPerCharacter * Math.max(1, text.length));
  }
}
