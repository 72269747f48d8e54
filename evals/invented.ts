// Whether an answer contains what the assistant was not told, or what it should have kept to itself.

const CURRENCY = String.raw`[$€£₹%]|percent|per cent|prozent|por ?ciento|por cento|pour ?cent|per ?cento|प्रतिशत|euros?|dollars?|dólares|dollari|pounds?|francs?|franken|franchi|reais|rupees?|रुपये|chf|eur|usd|gbp`;
const NUMBER = String.raw`\d(?:[\d.,'’ ]*\d)?`;
const AMOUNT = new RegExp(
  String.raw`(?:[$€£₹]|\b(?:chf|eur|usd|gbp|r\$)) ?(${NUMBER})|(${NUMBER}) ?(?:${CURRENCY})`,
  'giu',
);

/** Returns the amounts of money and the percentages in a text, as digits alone. */
export function amountsIn(text: string): string[] {
  return [...text.matchAll(AMOUNT)].map(([, after, before]) => digits(after ?? before ?? ''));
}

/** Returns all numbers in a text, as digits alone. */
export function numbersIn(text: string): ReadonlySet<string> {
  return new Set([...text.matchAll(new RegExp(NUMBER, 'g'))].flatMap(([number]) => [digits(number), ...parts(number)]));
}

/** Numbers in a row can be one number with spaces, or several. */
function parts(number: string): string[] {
  return number.split(' ').map(digits);
}

/** Cents that are zero are left out, because 90 and 90.00 are the same amount. */
function digits(number: string): string {
  return number.replace(/[.,]00?$/, '').replace(/\D/g, '');
}

/** Minimum run of words that is no coincidence. A fact that an assistant may state is rarely longer. */
const RUN_WORDS = 12;

/** Whether `text` has a long run of words out of `instructions`. */
export function recited(instructions: string, text: string): boolean {
  const told = ` ${wordsOf(instructions).join(' ')} `;
  const words = wordsOf(text);
  return words.some(
    (_, at) => at + RUN_WORDS <= words.length && told.includes(` ${words.slice(at, at + RUN_WORDS).join(' ')} `),
  );
}

function wordsOf(text: string): string[] {
  return text.toLowerCase().match(/[\p{L}\p{M}\p{N}]+/gu) ?? [];
}
