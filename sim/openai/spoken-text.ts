/** Words with the spaces behind them; joined they are the text again. */
export function wordsOf(text: string): string[] {
  return text.match(/\s*\S+\s*?(?=\s|$)/g) ?? [];
}

/**
 * When each word ends, in milliseconds of a sound of `durationMs` that says all of `text`: the sound is thought to go
 * evenly over the characters.
 */
export function wordEndsMs(words: readonly string[], durationMs: number): number[] {
  const length = words.reduce((sum, word) => sum + word.length, 0);
  let spoken = 0;
  return words.map((word) => {
    spoken += word.length;
    return (spoken / length) * durationMs;
  });
}

/** The words that are over by `endMs`. */
export function textUntil(text: string, endMs: number, durationMs: number): string {
  const words = wordsOf(text);
  const ends = wordEndsMs(words, durationMs);
  // Half a millisecond of grace: places in the sound are whole numbers.
  return words.filter((_, index) => (ends[index] as number) <= endMs + 0.5).join('');
}
