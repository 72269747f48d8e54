/** Maximum length of what the model is told of a secret, in characters. */
const MAX_ANSWER_CHARACTERS = 200;
/** Number of the secret's digits in a row from which a text tells too much of it. */
const TELLING_DIGITS = 4;

/**
 * Returns what the model may be told of what the operator's function has answered. Empty if it answered nothing. `undefined` if the
 * answer is no short text, or holds digits of the secret.
 */
export function answerForModel(answer: unknown, digits: string): string | undefined {
  if (answer === undefined || answer === null) return '';
  if (typeof answer !== 'string') return undefined;
  const text = answer.replace(/\s+/g, ' ').trim();
  if (text.length > MAX_ANSWER_CHARACTERS) return undefined;
  return holdsDigits(text, digits) ? undefined : text;
}

/** Whether `text` holds the secret, or a telling part of it, however its digits are grouped or written. */
function holdsDigits(text: string, digits: string): boolean {
  const written = Array.from(text.normalize('NFKC'), asciiDigit).join('');
  const size = Math.min(TELLING_DIGITS, digits.length);
  for (let at = 0; at + size <= digits.length; at++) {
    if (written.includes(digits.slice(at, at + size))) return true;
  }
  return false;
}

/** Returns a digit of any script as 0 to 9. Empty for what is no digit. */
function asciiDigit(character: string): string {
  if (/\d/.test(character)) return character;
  if (!/^\p{Nd}$/u.test(character)) return '';
  // The digits of a script stand in a row, from 0 on (Unicode: general category Nd).
  const code = character.codePointAt(0) ?? 0;
  let value = 0;
  while (value < 9 && /^\p{Nd}$/u.test(String.fromCodePoint(code - value - 1))) value++;
  return String(value);
}
