/**
 * Returns `from` if it identifies one caller, which means a number in E.164 form that a subscriber can have. `undefined` for
 * what carriers send in place of a withheld or unknown number, which many callers share. Everything that ties a call to a
 * caller asks here: callbacks, the customer system, caller ids, safety identifiers and the index by number.
 */
export function identifyingNumber(from: string): string | undefined {
  if (!/^\+[1-9]\d{6,14}$/.test(from)) return undefined;
  const digits = from.slice(1);
  return PLACEHOLDERS.has(digits) || isFiller(digits) ? undefined : from;
}

/** What carriers send for a number that is not shown (Twilio: "Why am I getting calls from these strange numbers?"). */
const WORDS = ['ANONYMOUS', 'BLOCKED', 'PRIVATE', 'RESTRICTED', 'UNAVAILABLE', 'UNKNOWN', 'WITHHELD'];

/** The digits of `WORDS`, also with the country code 1, which a carrier in North America puts before ten digits. */
const PLACEHOLDERS: ReadonlySet<string> = new Set(
  WORDS.map(onKeypad).flatMap((digits) => (digits.length === 10 ? [digits, `1${digits}`] : [digits])),
);

/** Spells a word on a telephone keypad (ITU-T E.161). */
function onKeypad(word: string): string {
  return word.replace(/[A-Z]/g, (letter) => '22233344455566677778889999'.charAt(letter.charCodeAt(0) - 65));
}

/** Whether a carrier in North America has filled in ten digits. Area codes there start with 2 to 9 (NANPA: numbering plan). */
function isFiller(digits: string): boolean {
  return /^1(?:[01]|(\d)\1{9}$)/.test(digits);
}
