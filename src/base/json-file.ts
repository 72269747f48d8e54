import { readFile } from 'node:fs/promises';
import type { z } from 'zod';

/** Reads a JSON file of the operator's and checks it. Gives as a string what is wrong with it, and where in it. */
export async function readJsonFile<T extends object>(path: string, schema: z.ZodType<T>): Promise<T | string> {
  let content: unknown;
  try {
    content = JSON.parse(await readFile(path, 'utf8'));
  } catch (error) {
    return error instanceof SyntaxError ? 'it is not JSON' : 'it cannot be read';
  }
  const parsed = schema.safeParse(content);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const where = issue === undefined || issue.path.length === 0 ? 'it' : `"${issue.path.join('.')}"`;
  const why = issue?.code === 'invalid_key' ? issue.issues[0]?.message : issue?.message;
  return `${where} is wrong: ${why ?? 'not valid'}`;
}
