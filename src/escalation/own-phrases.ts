import { z } from 'zod';
import { TandemError } from '../base/errors.js';
import { readJsonFile } from '../base/json-file.js';
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
 * Reads the operator's phrases from the file that ESCALATION_PHRASES names. Without a file there are none.
 * @throws TandemError CONFIG_INVALID with the problem and its place in the file
 */
export async function readOwnPhrases(path: string | undefined): Promise<OwnPhrases> {
  if (path === undefined) return NO_OWN_PHRASES;
  const phrases = await readJsonFile(path, schema);
  if (typeof phrases !== 'string') return phrases;
  throw new TandemError(
    'CONFIG_INVALID',
    `ESCALATION_PHRASES names ${path}, but ${phrases}. Expected {"asks": ["…"], "never": ["…"]}.`,
  );
}
