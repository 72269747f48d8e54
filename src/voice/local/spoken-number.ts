const UNITS: Readonly<Record<string, string>> = {
  zero: '0',
  oh: '0',
  one: '1',
  two: '2',
  three: '3',
  four: '4',
  five: '5',
  six: '6',
  seven: '7',
  eight: '8',
  nine: '9',
};
const TEENS = [
  'ten',
  'eleven',
  'twelve',
  'thirteen',
  'fourteen',
  'fifteen',
  'sixteen',
  'seventeen',
  'eighteen',
  'nineteen',
];
const TENS = ['twenty', 'thirty', 'forty', 'fifty', 'sixty', 'seventy', 'eighty', 'ninety'];
/** Words that recognition returns for a digit. They count as digits only if a number is expected. */
const SOUNDS_LIKE: Readonly<Record<string, string>> = {
  o: '0',
  won: '1',
  to: '2',
  too: '2',
  tree: '3',
  for: '4',
  fore: '4',
  ate: '8',
};

/**
 * Returns all digits in what was said, in order, as in "order 1-2-3", "one two double three" or "twelve thirty four".
 * If a number is `expected`, words that only sound like a digit count, too.
 */
export function digitsIn(said: string, expected: boolean): string {
  const words = said.toLowerCase().match(/[a-z]+|\d+/g) ?? [];
  let digits = '';
  let repeat = 1;
  for (const [index, word] of words.entries()) {
    if (word === 'double' || word === 'triple') {
      repeat = word === 'double' ? 2 : 3;
      continue;
    }
    digits += digitsOf(word, words[index + 1], expected).repeat(repeat);
    repeat = 1;
  }
  return digits;
}

function digitsOf(word: string, next: string | undefined, expected: boolean): string {
  if (/^\d/.test(word)) return word;
  const unit = UNITS[word] ?? (expected ? SOUNDS_LIKE[word] : undefined);
  if (unit !== undefined) return unit;
  const teen = TEENS.indexOf(word);
  if (teen >= 0) return `1${teen}`;
  const ten = TENS.indexOf(word);
  if (ten < 0) return '';
  // "thirty four" is 34, "thirty" alone 30.
  return UNITS[next ?? ''] === undefined ? `${ten + 2}0` : `${ten + 2}`;
}
