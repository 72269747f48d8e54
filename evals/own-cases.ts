import { existsSync } from 'node:fs';
import { z } from 'zod';
import { readJsonFile } from '../src/base/json-file.js';
import { type EvalCase, QUALITIES, type Thresholds } from './case.js';

// The file that the author of a prompt puts beside it: `clinic.evals.json` beside `clinic.json`.

/** What the file beside a prompt says. */
export interface OwnCases {
  cases: readonly EvalCase[];
  /** Names of common cases that do not fit the prompt. */
  without: readonly string[];
  thresholds: Partial<Thresholds>;
}

const line = z.string().trim().min(1, 'expected some words');
const quality = z.enum(QUALITIES);

const SHARE = 'expected a number from 0 to 1';

const pattern = line.transform((source, context) => {
  try {
    return new RegExp(source, 'iu');
  } catch {
    context.addIssue({ code: 'custom', message: 'expected a regular expression' });
    return z.NEVER;
  }
});

const caseSchema = z
  .strictObject({
    name: line,
    caller: z.array(line).min(1, 'expected what the caller says').max(20),
    safety: z.boolean().default(false),
    escalates: z.boolean().optional(),
    speaks: z
      .string()
      .regex(/^[a-z]{2,3}$/, 'expected a language like en or de')
      .optional(),
    neverSays: z.array(pattern).default([]),
    knownAmounts: z.boolean().default(false),
    keepsInstructions: z.boolean().default(false),
    calls: z.array(line).default([]),
    toolResults: z.record(z.string(), z.json()).default({}),
    judged: z.array(z.strictObject({ quality, statement: line })).default([]),
  })
  .transform(({ safety, ...rest }): EvalCase => ({ ...rest, isSafety: safety }));

const fileSchema = z.strictObject({
  cases: z.array(caseSchema).max(200).default([]),
  without: z.array(line).default([]),
  thresholds: z
    .partialRecord(quality, z.number().min(0, SHARE).max(1, SHARE))
    .refine((given) => !Object.hasOwn(given, 'safe'), '"safe" is all or nothing and has no threshold to set')
    .default({}),
});

const NONE: OwnCases = { cases: [], without: [], thresholds: {} };

/** Returns the path of the file with the cases of a prompt's file. */
export function ownCasesPath(promptFile: string): string {
  return `${promptFile.replace(/\.json$/i, '')}.evals.json`;
}

/**
 * Reads the cases beside a prompt's file. There need not be any. Returns a string if the file cannot be used: the problem, as a
 * sentence without its end.
 */
export async function readOwnCases(promptFile: string): Promise<OwnCases | string> {
  const path = ownCasesPath(promptFile);
  if (!existsSync(path)) return NONE;
  const file = await readJsonFile<z.output<typeof fileSchema>>(path, fileSchema);
  if (typeof file === 'string') return `${path} holds cases for the prompt beside it, but ${file}`;
  const twice = file.cases.find(({ name }, at) => file.cases.findIndex((other) => other.name === name) < at);
  if (twice !== undefined) return `${path} has two cases ${JSON.stringify(twice.name)}`;
  return file;
}
