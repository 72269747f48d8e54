const DIGITS = ['zero', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine'];

/** For tests of speech recognition: returns words as they sound, in lower case, without punctuation, digits spelled out. */
export function wordsOf(text: string): string[] {
  return text
    .toLowerCase()
    .replace(/[’`]/g, "'")
    .replace(/\d/g, (digit) => ` ${DIGITS[Number(digit)]} `)
    .replace(/\bokay\b/g, 'ok')
    .replace(/[^a-z' ]+/g, ' ')
    .split(' ')
    .filter((word) => word !== '');
}

/** Returns the number of insertions, deletions and substitutions that turn `said` into `heard`. */
export function wordErrors(said: readonly string[], heard: readonly string[]): number {
  let above = Array.from({ length: heard.length + 1 }, (_, column) => column);
  for (const [row, word] of said.entries()) {
    const current = [row + 1];
    for (let column = 1; column <= heard.length; column++) {
      const substituted = (above[column - 1] ?? 0) + (heard[column - 1] === word ? 0 : 1);
      current.push(Math.min((above[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1, substituted));
    }
    above = current;
  }
  return above.at(-1) ?? 0;
}
