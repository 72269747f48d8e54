import type { z } from 'zod';
import { type Checked, type WireError, accepted } from './wire.js';

/** Checks `raw`, and reports the first issue in the service's words. `root` is the path of `raw` in the event. */
export function check<T>(schema: z.ZodType<T>, raw: unknown, root = ''): Checked<T> {
  const result = schema.safeParse(raw);
  if (result.success) return accepted(result.data);
  return { ok: false, error: wordsOf(result.error.issues[0] as z.core.$ZodIssue, raw, root) };
}

function wordsOf(issue: z.core.$ZodIssue, raw: unknown, root: string): WireError {
  if (issue.code === 'invalid_union' && issue.errors.length > 0) {
    // The alternative that matched furthest describes the issue best.
    const deepest = issue.errors.flat().reduce((best, one) => (one.path.length > best.path.length ? one : best));
    return wordsOf({ ...deepest, path: [...issue.path, ...deepest.path] }, raw, root);
  }
  const param = pathOf(root, issue.path);
  const input = valueAt(raw, issue.path);
  const error = (code: string, message: string, at = param): WireError => ({
    type: 'invalid_request_error',
    code,
    message,
    param: at,
  });
  switch (issue.code) {
    case 'unrecognized_keys': {
      const at = pathOf(root, [...issue.path, issue.keys[0] as string]);
      return error('unknown_parameter', `Unknown parameter: '${at}'.`, at);
    }
    case 'invalid_union':
      // No alternative has this discriminator. The path leads to it.
      if (input === undefined) return missing(param);
      return error('invalid_value', `Invalid value: '${asText(input)}'.`);
    case 'invalid_type':
      if (input === undefined) return missing(param);
      return error(
        'invalid_type',
        `Invalid type for '${param}': expected ${article(issue.expected)}, but got ${article(kindOf(input))} instead.`,
      );
    case 'invalid_value': {
      if (input === undefined) return missing(param);
      const values = issue.values.map((value) => `'${String(value)}'`);
      const [last] = values.slice(-1);
      const allowed =
        values.length === 1
          ? `Value must be ${last}.`
          : `Supported values are: ${values.slice(0, -1).join(', ')}, and ${last}.`;
      return error('invalid_value', `Invalid value: '${asText(input)}'. ${allowed}`);
    }
    case 'too_small':
    case 'too_big':
      return outOfRange(issue, param, input, error);
    case 'invalid_format':
    case 'not_multiple_of':
    case 'invalid_key':
    case 'invalid_element':
    case 'custom':
      return error('invalid_value', `Invalid '${param}': ${issue.message}`);
  }
}

type Issue<C> = Extract<z.core.$ZodIssue, { code: C }>;

function outOfRange(
  issue: Issue<'too_small'> | Issue<'too_big'>,
  param: string,
  input: unknown,
  error: (code: string, message: string) => WireError,
): WireError {
  const small = issue.code === 'too_small';
  const limit = String(issue.code === 'too_small' ? issue.minimum : issue.maximum);
  if (typeof input === 'number') {
    const kind = Number.isInteger(input) ? 'integer' : 'decimal';
    const code = `${kind}_${small ? 'below_min' : 'above_max'}_value`;
    const wanted = small
      ? `below minimum value. Expected a value >= ${limit}`
      : `above maximum value. Expected a value <= ${limit}`;
    return error(code, `Invalid '${param}': ${kind} ${wanted}, but got ${input} instead.`);
  }
  const kind = typeof input === 'string' ? 'string' : 'array';
  const code = `${kind}_${small ? 'below_min' : 'above_max'}_length`;
  const wanted = `${small ? 'too short. Expected' : 'too long. Expected'} ${article(kind)} with ${small ? 'minimum' : 'maximum'} length ${limit}`;
  return error(code, `Invalid '${param}': ${kind} ${wanted}.`);
}

function missing(param: string): WireError {
  return {
    type: 'invalid_request_error',
    code: 'missing_required_parameter',
    message: `Missing required parameter: '${param}'.`,
    param,
  };
}

/** Returns a path such as `session.tools[0].name`. */
function pathOf(root: string, path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, key) => {
    if (typeof key === 'number') return `${text}[${key}]`;
    return text === '' ? String(key) : `${text}.${String(key)}`;
  }, root);
}

function valueAt(raw: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (value, key) =>
      typeof value === 'object' && value !== null ? (value as Record<PropertyKey, unknown>)[key] : undefined,
    raw,
  );
}

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'decimal';
  return typeof value;
}

function article(kind: string): string {
  const name = kind === 'number' ? 'decimal' : kind === 'int' ? 'integer' : kind === 'record' ? 'object' : kind;
  if (name === 'null') return name;
  return `${/^[aeiou]/.test(name) ? 'an' : 'a'} ${name}`;
}

function asText(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
