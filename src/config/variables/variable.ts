import type { z } from 'zod';

interface Description<Schema extends z.ZodType> {
  about: string;
  schema: Schema;
}

/** A setting: what it is for, how its value is written, and what holds if it is unset. */
export interface Variable<
  Schema extends z.ZodType = z.ZodType,
  Default extends string | undefined = string | undefined,
> extends Description<Schema> {
  /** Read in place of a missing value. `undefined` if there is none, or if it depends on other settings. */
  default: Default;
  /** The value in `.env.example`. */
  shown: string;
  /** Whether messages must not show the value. */
  secret: boolean;
}

/** A setting whose default is a value of its own. */
export function variable<Schema extends z.ZodType>(
  entry: Description<Schema> & { default: string },
): Variable<Schema, string>;
/** A setting without a default, or with one that depends on other settings: `about` says it, `shown` hints at it. */
export function variable<Schema extends z.ZodType>(
  entry: Description<Schema> & { shown?: string },
): Variable<Schema, undefined>;
export function variable(entry: Description<z.ZodType> & { default?: string; shown?: string }): Variable {
  return { ...entry, default: entry.default, shown: entry.default ?? entry.shown ?? '', secret: false };
}

export function secret<Schema extends z.ZodType>(entry: Description<Schema>): Variable<Schema, undefined> {
  return { ...entry, default: undefined, shown: '', secret: true };
}
