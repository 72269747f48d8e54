import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { TandemError } from '../errors.js';
import { NO_OWN_PHRASES, type OwnPhrases } from './asks-for-human.js';
import { spaced } from './words.js';

const MAX_PHRASES = 500;
const phrases = z
  .array(
    z
      .string()
      .max(200)
      .refine((phrase) => spaced(phrase) !== ' ', 'expected at least one word'),
  )
  .max(MAX_PHRASES)
  .default([]);
const schema = z.strictObject({ asks: phrases, never: phrases });

/**
 * Reads the file that ESCALATION_PHRASES names; without a name there are none.
 * @throws TandemError CONFIG_INVALID saying what is wrong, and where in the file
 */
export async function readOwnPhrases(path: string | undefined): Promise<OwnPhrases> {
  if (path === undefined) return NO_OWN_PHRASES;
  let content: unknown;
  try {
    content = JSON.parse(await readFile(path, 'utf8'));
  } catch (error) {
    throw unusable(path, error instanceof SyntaxError ? 'it is not JSON' : 'it cannot be read', error);
  }
  const parsed = schema.safeParse(content);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const where = issue === undefined || issue.path.length === 0 ? 'it' : `"${issue.path.join('.')}"`;
  throw unusable(path, `${where} is wrong: ${issue?.message ?? 'not valid'}`, parsed.error);
}

function unusable(path: string, why: string, cause: unknown): TandemError {
  return new TandemError(
    'CONFIG_INVALID',
    `ESCALATION_PHRASES names ${path}, but ${why}. Expected {"asks": ["…"], "never": ["…"]}.`,
    { cause },
  );
}
