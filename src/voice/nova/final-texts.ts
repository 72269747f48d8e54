/** A sentence as the model intended to say it. */
export interface SentenceText {
  text: string;
  /** Whether it was cut short, so that at most this text was spoken. */
  readonly isCut: boolean;
}

/** Maximum number of sentences remembered. Final texts are some turns late at most. */
const MAX_WAITING = 64;

/**
 * Finds the sentence that a final text belongs to. Final texts are seconds late, carry no reference to their sentence,
 * keep the order of the sentences, and are missing for what was never spoken.
 */
export class FinalTexts<S extends SentenceText> {
  private waiting: S[] = [];

  expect(sentence: S): void {
    this.waiting.push(sentence);
    if (this.waiting.length > MAX_WAITING) this.waiting.shift();
  }

  /**
   * Returns the sentence of a final text, `several` if it spans more than one, or `undefined` if it belongs to none. A
   * cut sentence never gets a text that is longer than its own. Sentences before the match get no final text any more.
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
    // A text in other words, such as a number, matches by order, unless the sentence may never have been spoken.
    return this.waiting[0]?.isCut === false ? this.waiting.shift() : undefined;
  }

  /** Returns how many sentences from `index` on make up `final`. */
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

/** Returns the text without case, spaces and punctuation, for a comparison. */
function lettersOf(text: string): string {
  return text.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, '');
}
