/** Letters and signs that decomposition leaves alone, in ASCII. */
const LOOKALIKES: Readonly<Record<string, string>> = {
  '‘': "'",
  '’': "'",
  '“': '"',
  '”': '"',
  '–': '-',
  '—': '-',
  '€': 'EUR ',
  '£': 'GBP ',
  ß: 'ss',
  ẞ: 'SS',
  æ: 'ae',
  Æ: 'AE',
  œ: 'oe',
  Œ: 'OE',
  ø: 'o',
  Ø: 'O',
  ł: 'l',
  Ł: 'L',
  đ: 'd',
  Đ: 'D',
  ı: 'i',
};
const LOOKALIKE = new RegExp(`[${Object.keys(LOOKALIKES).join('')}]`, 'g');

/**
 * Converts `text` to printable ASCII on one line, at most `limit` characters. Accents are dropped, digits of every script
 * become ASCII, and other letters become `?`, because Amazon Connect's guide allows few characters in a Lambda's values and
 * does not say what it enforces.
 */
export function printable(text: string, limit: number): string {
  return shortened(
    toAscii(text.slice(0, limit * 4))
      .replace(/[\s\p{Control}]+/gu, ' ')
      .replace(/[^\x20-\x7e]+/g, '?')
      .trim(),
    limit,
    '...',
  );
}

/** A name in printable ASCII. Empty if none of its letters is left, because question marks are no name. */
export function printableName(name: string, limit: number): string {
  const ascii = toAscii(name.slice(0, limit * 4)).replace(/[^\x21-\x7e]+/g, ' ');
  return /[A-Za-z]/.test(ascii) ? printable(ascii, limit) : '';
}

/**
 * `text` on one line of at most `limit` characters, in its own letters. Control characters go, and so do marks of direction,
 * which can make a screen show something else than what was said.
 */
export function oneLine(text: string, limit: number): string {
  const line = text
    .slice(0, limit * 2)
    .replace(/[\s\p{Control}]+/gu, ' ')
    .replace(/[\u202a-\u202e\u2066-\u2069\p{Surrogate}]/gu, '')
    .trim();
  return shortened(line, limit, '…').replace(/\p{Surrogate}/gu, '');
}

/** Whether printable ASCII keeps at least half of the letters of `text`. */
export function isPrintable(text: string): boolean {
  const letters = text.normalize('NFC').match(/\p{Letter}/gu)?.length ?? 0;
  const kept = toAscii(text).match(/[A-Za-z]/g)?.length ?? 0;
  return kept * 2 >= letters;
}

/** Returns the numbers in `text`, in ASCII digits. Digits that are said one by one in Han characters count, too. */
export function numbersIn(text: string): string[] {
  const digits = toAscii(text).replace(HAN_NUMBER, (number) =>
    Array.from(number, (one) => HAN_DIGITS.indexOf(one) % 10).join(''),
  );
  return digits.match(/\d+(?:[ .,:/-]\d+)*/g) ?? [];
}

/** Zero to nine; zero has two forms. */
const HAN_DIGITS = '零一二三四五六七八九〇';
/** A shorter run is more often a word than a number. */
const HAN_NUMBER = /[零〇一二三四五六七八九]{3,}/g;

function toAscii(text: string): string {
  return text
    .replace(LOOKALIKE, (character) => LOOKALIKES[character] ?? character)
    .normalize('NFKD')
    .replace(/\p{Mark}+/gu, '')
    .replace(/\P{ASCII}/gu, (character) => (/\p{Decimal_Number}/u.test(character) ? digitOf(character) : character));
}

/** Unicode encodes the digits of a script in order, from 0 to 9 (Unicode: Stability policy, Numeric_Type=Decimal). */
function digitOf(character: string): string {
  let value = 0;
  for (let point = (character.codePointAt(0) ?? 0) - 1; value < 9; value++, point--)
    if (!/\p{Decimal_Number}/u.test(String.fromCodePoint(point))) break;
  return String(value);
}

function shortened(text: string, limit: number, ending: string): string {
  return text.length <= limit ? text : `${text.slice(0, limit - ending.length).trimEnd()}${ending}`;
}
