/**
 * Parses JSON that the operator wrote. Returns a string if it cannot be used: the problem, as the second half of a sentence.
 * JSON.parse would take the last of two equal keys without a word.
 */
export function parseJson(text: string): { value: unknown } | string {
  if (/^[\uFEFF\uFFFD]/.test(text)) {
    return 'it begins with a byte-order mark or is not UTF-8; save it as UTF-8 without a byte-order mark';
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return 'it is not valid JSON';
  }
  const twice = keyTwice(text);
  return twice === undefined ? { value } : `${JSON.stringify(twice)} is there twice`;
}

/** A string with a colon behind it is a key; braces and brackets outside of strings open and close levels. */
const TOKEN = /("(?:[^"\\]|\\.)*")(\s*:)?|[{}[\]]/g;

/** Returns a key that one object of the valid JSON `text` has twice. */
function keyTwice(text: string): string | undefined {
  const levels: Set<string>[] = [];
  for (const [token, string, colon] of text.matchAll(TOKEN)) {
    if (token === '{' || token === '[') levels.push(new Set());
    else if (token === '}' || token === ']') levels.pop();
    else if (colon !== undefined && string !== undefined) {
      const key = JSON.parse(string) as string;
      if (levels.at(-1)?.has(key) === true) return key;
      levels.at(-1)?.add(key);
    }
  }
  return undefined;
}
