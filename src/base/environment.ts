// How the value of a setting is written in an environment. Gateway, Lambda and commands read settings through this file.

/** Environment variables by name. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** A parsed value, or what was expected in its place. */
export type Parsed<T> = { value: T } | { expected: string };

/** Returns a setting without the spaces and line ends around it. `undefined` if nothing is left. */
export function settingOf(env: Environment, name: string): string | undefined {
  return env[name]?.trim() || undefined;
}

const SPELLINGS: ReadonlyMap<string, boolean> = new Map([
  ...['true', '1', 'yes', 'on'].map((word) => [word, true] as const),
  ...['false', '0', 'no', 'off'].map((word) => [word, false] as const),
]);

/** Parses a setting that is on or off, in any of the usual spellings. */
export function parseFlag(text: string): Parsed<boolean> {
  const value = SPELLINGS.get(text.toLowerCase());
  return value === undefined ? { expected: 'expected true or false' } : { value };
}

/** Parses the base URL of a service. The value has no final slash. */
export function parseHttpUrl(text: string): Parsed<string> {
  const isHttp = URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);
  return isHttp
    ? { value: text.replace(/\/+$/, '') }
    : { expected: 'expected a URL that begins with http:// or https://' };
}

/** Parses a text that has the form of `pattern`. */
export function parseMatching(text: string, pattern: RegExp, expected: string): Parsed<string> {
  return pattern.test(text) ? { value: text } : { expected };
}

/**
 * Returns what is left of a file's syntax in a value, in words for the operator. `docker --env-file` and others keep
 * quotation marks and comments, which a shell or a `.env` file would have taken away. `undefined` if nothing is left.
 */
export function strayQuotes(value: string): string | undefined {
  return /^["'`]|["'`]$/.test(value) ? 'the quotation marks are part of the value here; remove them' : undefined;
}

/** As {@link strayQuotes}, for a comment. */
export function strayComment(value: string): string | undefined {
  return /\s#/.test(value) ? 'the comment is part of the value here; remove it' : undefined;
}
