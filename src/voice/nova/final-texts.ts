/** A sentence as the model meant to say it. */
export interface SentenceText {
  text: string;
  /** It was cut short, so what was spoken is at most this. */
  readonly isCut: boolean;
}

/** Final texts come some turns late at most. */
const MAX_WAITING = 64;

/**
 * Finds the sentence a final text belongs to. Final texts come seconds late, carry no reference to their sentence, keep
 * the order of the sentences, and are missing for what was never spoken.
 */
export class FinalTexts<S extends SentenceText> {
  private waiting: S[] = [];

  expect(sentence: S): void {
    this.waiting.push(sentence);
    if (this.waiting.length > MAX_WAITING) this.waiting.shift();
  }

  /**
   * Undefined when it belongs to none; a cut sentence never gets a text that is longer than its own. Sentences before the one it belongs to get no final text any
   * more.
   */
  match(finalText: string): S | 'several' | undefined {
    const final = lettersOf(finalText);
    if (final === '') return undefined;
    for (const [index, sentence] of this.waiting.entries()) {
      const whole = lettersOf(sentence.text);
      if (whole.startsWith(final)) {
        this.waiting.splice(0, index + 1);
        return sentence;
      }
      if (whole !== '' && final.startsWith(whole)) {
        this.waiting.splice(0, index + this.joined(final, index));
        return 'several';
      }
    }
    // Worded differently, for instance a number: by order, unless the sentence may never have been spoken.
    return this.waiting[0]?.isCut === false ? this.waiting.shift() : undefined;
  }

  /** How many sentences from `index` on make up `final`. */
  private joined(final: string, index: number): number {
    let rest = final;
    let count = 0;
    for (const sentence of this.waiting.slice(index)) {
      const whole = lettersOf(sentence.text);
      if (rest === '' || (!rest.startsWith(whole) && !whole.startsWith(rest))) break;
      rest = rest.slice(whole.length);
      count++;
    }
    return count;
  }
}

/** Two texts are compared without case, spaces and punctuation. */
function lettersOf(text: string): string {
  return text.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, '');
}
