import { createHash } from 'node:crypto';
import { z } from 'zod';

/** Maximum length of the context as JSON. A model reads it with every answer. */
export const MAX_CONTEXT_CHARACTERS = 4000;
const SHORT = 200;

const context = z
  .union([z.string(), z.record(z.string(), z.unknown())])
  .refine((given) => JSON.stringify(given).length <= MAX_CONTEXT_CHARACTERS, {
    error: `expected a text or an object of at most ${MAX_CONTEXT_CHARACTERS} characters as JSON`,
  });

const consent = z.strictObject({
  basis: z.string().trim().min(1).max(SHORT),
  reference: z.string().trim().min(1).max(SHORT),
});

const schema = z.strictObject({
  to: z.string().max(SHORT),
  from: z.string().max(SHORT).optional(),
  assistant: z.string().min(1).max(SHORT).optional(),
  context: context.optional(),
  time_zone: z.string().min(1).max(SHORT).optional(),
  consent: consent.optional(),
  machine: z.enum(['talk', 'message', 'hangup']).default('talk'),
});

/** A request for a call, as its sender wrote it. */
export type CallRequest = z.output<typeof schema>;

/** Reads the body of a request. Returns a string if it cannot be used: what is wrong with which field. */
export function readCallRequest(json: unknown): CallRequest | string {
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const field = issue?.path.map(String).join('.') ?? '';
  // Never the value, which may be a number or a person's data.
  return `${field === '' ? 'The body' : `"${field}"`}: ${issue?.message ?? 'not valid'}`;
}

/** Returns a digest that is the same for the same body, in whichever order its fields stand. */
export function digestOf(json: unknown): string {
  return createHash('sha256').update(canonical(json)).digest('hex');
}

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const fields = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return `{${fields.map(([name, field]) => `${JSON.stringify(name)}:${canonical(field)}`).join(',')}}`;
}
