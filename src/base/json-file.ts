import { readFile } from 'node:fs/promises';
import type { z } from 'zod';
import { parseJson } from './json-text.js';

/**
 * Reads a JSON file that the operator wrote and validates it. Returns a string if the file cannot be used: the problem and
 * its place in the file, as the second half of a sentence.
 */
export async function readJsonFile<T extends object>(path: string, schema: z.ZodType<T>): Promise<T | string> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch {
    return 'it cannot be read';
  }
  const content = parseJson(text);
  if (typeof content === 'string') return content;
  const parsed = schema.safeParse(content.value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const where = issue === undefined || issue.path.length === 0 ? 'it' : `"${issue.path.join('.')}"`;
  const why = issue?.code === 'invalid_key' ? issue.issues[0]?.message : issue?.message;
  return `${where} is invalid: ${why ?? 'it does not match the schema'}`;
}
