import { type TextKey, en } from './en.js';

const PREFIX = 'failure.';

/** The names of what can fail in a handover, in the order of the table in docs/operate/handover.md. */
export const FAILURES: readonly string[] = Object.keys(en)
  .filter((key) => key.startsWith(PREFIX) && !key.endsWith('.do'))
  .map((key) => key.slice(PREFIX.length));

/** Returns the keys of what a failure is and of what to do. `undefined` if it is none of the table. */
export function failureTexts(name: string): { is: TextKey; todo: TextKey } | undefined {
  if (!FAILURES.includes(name)) return undefined;
  return { is: `${PREFIX}${name}` as TextKey, todo: `${PREFIX}${name}.do` as TextKey };
}

/** Returns the address of a failure's row. */
export function failurePath(name: string): string {
  return `/console/failures#${name}`;
}
