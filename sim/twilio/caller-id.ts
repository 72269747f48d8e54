/** What carriers send for a withheld number: a word spelled on a keypad (Twilio: "Why am I getting calls from these strange numbers?"). */
const STRANGE_NUMBERS: ReadonlySet<string> = new Set([
  '+266696687',
  '+7378742833',
  '+2562533',
  '+8656696',
  '+86282452253',
]);

/**
 * Returns the caller id of a dial, or why it has none. The caller id is the calling number, the called number or one that
 * the account has (Twilio: Dial – callerId). A calling number that is none is passed on, and the called side's carrier may
 * refuse it (Twilio: error 13214). This one always does.
 */
export function callerIdOf(options: {
  given: string | undefined;
  from: string;
  to: string;
  /** Further numbers of the account. */
  own: readonly string[];
}): { number: string } | { problem: string } {
  const { from, given, own, to } = options;
  if (given !== undefined && ![from, to, ...own].includes(given))
    return { problem: 'callerId is neither a number of the call nor one of the account' };
  const number = given ?? from;
  if (!/^\+[1-9]\d{6,14}$/.test(number) || STRANGE_NUMBERS.has(number))
    return { problem: 'the caller withholds the number, and the dial has no callerId' };
  return { number };
}
