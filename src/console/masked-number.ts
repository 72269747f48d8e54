/** Returns a caller's number with its middle left out. What is no number could be a name or an address, and is left out whole. */
export function maskedNumber(number: string): string {
  if (/^\+\d{9,15}$/.test(number)) return `${number.slice(0, 5)}…${number.slice(-2)}`;
  // What carriers write for a withheld number.
  return /^[A-Za-z]{1,20}$/.test(number) ? number : '…';
}
