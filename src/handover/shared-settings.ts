import {
  type Environment,
  type Parsed,
  parseFlag,
  parseHttpUrl,
  parseMatching,
  settingOf,
  strayComment,
  strayQuotes,
} from '../base/environment.js';
import { TandemError } from '../base/errors.js';

// The settings that the gateway and the Lambda must read alike, because a record that one writes the other looks for.

/** What holds if a shared setting is unset. */
export const SHARED_DEFAULTS = {
  DYNAMODB_TABLE_NAME: 'HandoverTokens',
  AWS_REGION: 'us-east-1',
  HANDOVER_CALLER_MATCH: 'true',
} as const;

const MIN_PEPPER_CHARACTERS = 16;

/** How each shared setting is parsed. The text is trimmed and not empty. */
export const SHARED_FORMATS = {
  DYNAMODB_TABLE_NAME: (text: string) =>
    parseMatching(text, /^[A-Za-z0-9_.-]{3,255}$/, 'expected a DynamoDB table name'),
  DYNAMODB_ENDPOINT_URL: parseHttpUrl,
  AWS_REGION: (text: string) => parseMatching(text, /^[a-z]{2}(-[a-z]+)+-\d$/, 'expected an AWS region like us-east-1'),
  HANDOVER_TOKEN_PEPPER: parsePepper,
  HANDOVER_CALLER_MATCH: parseFlag,
};

/** The shared settings as the Lambda reads them. */
export interface SharedSettings {
  tableName: string;
  endpointUrl: string | undefined;
  region: string;
  callerMatch: boolean;
}

/** @throws TandemError CONFIG_INVALID that names the variable */
export function readSharedSettings(env: Environment): SharedSettings {
  return {
    tableName: read(env, 'DYNAMODB_TABLE_NAME') ?? SHARED_DEFAULTS.DYNAMODB_TABLE_NAME,
    endpointUrl: read(env, 'DYNAMODB_ENDPOINT_URL'),
    region: read(env, 'AWS_REGION') ?? SHARED_DEFAULTS.AWS_REGION,
    callerMatch: read(env, 'HANDOVER_CALLER_MATCH') ?? true,
  };
}

/** Reads the pepper from its variable. @throws TandemError CONFIG_INVALID, without the value */
export function readPepper(env: Environment): string | undefined {
  return read(env, 'HANDOVER_TOKEN_PEPPER');
}

/** Parses a pepper, wherever it comes from. What it expected never holds the pepper. */
export function parsePepper(text: string): Parsed<string> {
  const value = text.trim();
  const stray = strayQuotes(value) ?? strayComment(value);
  if (stray !== undefined) return { expected: stray };
  if (/\p{Cc}/u.test(value)) return { expected: 'expected one line without control characters' };
  if (value.length < MIN_PEPPER_CHARACTERS)
    return { expected: `expected at least ${MIN_PEPPER_CHARACTERS} characters` };
  return { value };
}

type Formats = typeof SHARED_FORMATS;
type ValueOf<Name extends keyof Formats> = Extract<ReturnType<Formats[Name]>, { value: unknown }>['value'];

function read<Name extends keyof Formats>(env: Environment, name: Name): ValueOf<Name> | undefined {
  const text = settingOf(env, name);
  if (text === undefined) return undefined;
  const parsed: Parsed<unknown> = SHARED_FORMATS[name](text);
  if ('value' in parsed) return parsed.value as ValueOf<Name>;
  throw new TandemError('CONFIG_INVALID', `${name} has a value that cannot be used: ${parsed.expected}.`);
}
