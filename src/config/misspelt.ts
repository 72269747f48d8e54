import type { Environment } from '../base/environment.js';

/** A variable of the environment that nothing reads, and the setting whose name is nearest. */
export interface Misspelt {
  name: string;
  nearest: string;
}

/** Shorter names are near to many names that have nothing to do with the gateway: HOME and HOST. */
const MIN_CHARACTERS = 8;
const LONG_CHARACTERS = 12;

/**
 * Returns the variables whose names look like a misspelt setting that is not set itself. `known` are the names of all
 * settings.
 */
export function misspeltIn(env: Environment, known: readonly string[]): Misspelt[] {
  const isSet = (name: string): boolean => (env[name] ?? '') !== '';
  const missing = known.filter((name) => !isSet(name));
  return Object.keys(env)
    .filter((name) => isSet(name) && !known.includes(name))
    .flatMap((name) => {
      const nearest = nearestTo(name, missing);
      return nearest === undefined ? [] : [{ name, nearest }];
    });
}

function nearestTo(given: string, names: readonly string[]): string | undefined {
  const name = given.toUpperCase().replaceAll('-', '_');
  if (names.includes(name)) return name;
  if (name.length < MIN_CHARACTERS) return undefined;
  const limit = name.length < LONG_CHARACTERS ? 1 : 2;
  const near = names
    .filter((known) => known.length >= MIN_CHARACTERS && Math.abs(known.length - name.length) <= limit)
    .map((known) => ({ known, edits: editsBetween(name, known) }))
    .toSorted((a, b) => a.edits - b.edits)[0];
  if (near !== undefined && near.edits <= limit) return near.known;
  return names.find((known) => lacksWordsOf(name, known));
}

/** Whether `name` is `known` with some words left out, such as OPENAI_KEY. Names of the AWS SDK are like this by nature. */
function lacksWordsOf(name: string, known: string): boolean {
  const words = name.split('_');
  const all = known.split('_');
  if (words.length < 2 || words[0] !== all[0] || words[0] === 'AWS') return false;
  let at = 0;
  for (const word of all) if (word === words[at]) at++;
  return at === words.length;
}

/** Returns the least number of letters to add, drop, change, or swap with the next. */
function editsBetween(a: string, b: string): number {
  const rows = [Array.from({ length: b.length + 1 }, (_, column) => column)];
  const cell = (row: number, column: number): number => rows[row]?.[column] ?? Infinity;
  for (let i = 1; i <= a.length; i++) {
    rows.push([i]);
    for (let j = 1; j <= b.length; j++) {
      const isSame = a[i - 1] === b[j - 1];
      const isSwap = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      rows[i]?.push(
        Math.min(
          cell(i - 1, j) + 1,
          cell(i, j - 1) + 1,
          cell(i - 1, j - 1) + (isSame ? 0 : 1),
          isSwap ? cell(i - 2, j - 2) + 1 : Infinity,
        ),
      );
    }
  }
  return cell(a.length, b.length);
}
