/** Splits a text into words with the spaces around them. Joined, they are the text again. */
export function wordsOf(text: string): string[] {
  return text.match(/\s*\S+\s*?(?=\s|$)/g) ?? [];
}

/**
 * Returns when each word ends, in milliseconds of a sound of `durationMs` that says all of `text`. The sound is assumed
 * to be spread evenly over the characters.
 */
export function wordEndsMs(words: readonly string[], durationMs: number): number[] {
  const length = words.reduce((sum, word) => sum + word.length, 0);
  let spoken = 0;
  return words.map((word) => {
    spoken += word.length;
    return (spoken / length) * durationMs;
  });
}

/** Returns the words that have ended by `endMs`. */
export function textUntil(text: string, endMs: number, durationMs: number): string {
  const words = wordsOf(text);
  const ends = wordEndsMs(words, durationMs);
  // Positions in the sound are whole milliseconds, so half a millisecond is tolerated.
  return words.filter((_, index) => (ends[index] as number) <= endMs + 0.5).join('');
}
