import { type Environment, settingOf, strayComment, strayQuotes } from '../base/environment.js';
import { invalid } from './rules.js';
import { VARIABLES, type Values } from './variables.js';
import type { Variable } from './variables/variable.js';

/**
 * Parses every setting by itself. What settings demand of each other is checked in `rules.ts`.
 * @throws TandemError CONFIG_INVALID that names the first variable that is wrong. It never shows the value of a secret.
 */
export function readVariables(env: Environment): Values {
  const marked = Object.keys(env).find((name) => name.startsWith('\uFEFF'));
  if (marked !== undefined) {
    throw invalid(marked.slice(1), 'has a byte-order mark before its name. Save the .env file as UTF-8 without one.');
  }
  const values: Record<string, unknown> = {};
  for (const group of Object.values(VARIABLES)) {
    for (const [name, entry] of Object.entries(group) as [string, Variable][]) {
      const raw = settingOf(env, name) ?? entry.default;
      if (raw !== undefined) values[name] = parse(name, entry, raw);
    }
  }
  return values as Values;
}

function parse(name: string, { schema, secret }: Variable, raw: string): unknown {
  const shown = secret ? 'has a value that cannot be used' : `is ${JSON.stringify(raw.slice(0, 80))}`;
  const quotes = strayQuotes(raw);
  const comment = strayComment(raw);
  if (quotes !== undefined) throw invalid(name, `${shown}: ${quotes}.`);
  // A path or an address may hold what looks like a comment. A secret does not.
  if (secret && comment !== undefined) throw invalid(name, `${shown}: ${comment}.`);
  const parsed = schema.safeParse(raw);
  if (parsed.success) return parsed.data;
  const expected = parsed.error.issues[0]?.message ?? 'not valid';
  throw invalid(name, `${shown}: ${comment ?? expected}.`);
}
