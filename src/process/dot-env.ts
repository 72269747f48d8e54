import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { settingOf } from '../base/environment.js';
import { TandemError, isTandemError } from '../base/errors.js';
import { parseDotEnv } from './parse-dot-env.js';

/** What was read from a file of settings. Names only, because values may be secrets. */
export interface DotEnv {
  /** The path, as ENV_FILE has it. */
  file: string;
  /** Names that now have the file's values, sorted. */
  names: readonly string[];
  /** Names whose values in the environment were kept. */
  kept: readonly string[];
  /** All of this in words for the operator. */
  sentence: string;
}

const DEFAULT_FILE = '.env';
/** Node itself reads these when it starts, which is before the file is read. */
const TOO_LATE = /^(NODE_EXTRA_CA_CERTS|NODE_OPTIONS)$/;

/**
 * Adds the settings of the file that ENV_FILE names, `.env` by default, to `env`. What `env` has already stays, even if it
 * is empty. `undefined` if there is no file.
 * @throws TandemError CONFIG_INVALID if the file cannot be read, or a line of it is no setting
 */
export function loadDotEnv(env: Record<string, string | undefined>, folder: string): DotEnv | undefined {
  const named = settingOf(env, 'ENV_FILE');
  if (named === 'none') return undefined;
  const file = named ?? DEFAULT_FILE;
  const text = readText(file, resolve(folder, file), named !== undefined);
  if (text === undefined) return undefined;
  const given = [...parseDotEnv(file, text)].toSorted(([a], [b]) => a.localeCompare(b, 'en'));
  const kept = given.filter(([name]) => env[name] !== undefined).map(([name]) => name);
  const added = given.filter(([name]) => env[name] === undefined);
  for (const [name, value] of added) env[name] = value;
  const names = added.map(([name]) => name);
  return { file, names, kept, sentence: sentenceOf(file, names, kept) };
}

/** For commands: loads the file and says so. Ends the process with one sentence if the file cannot be used. */
export function useDotEnv(env: Record<string, string | undefined>): void {
  try {
    const read = loadDotEnv(env, process.cwd());
    if (read !== undefined) console.error(read.sentence);
  } catch (error) {
    if (!isTandemError(error)) throw error;
    console.error(error.message);
    process.exit(1);
  }
}

/** `undefined` if there is no file and none was named. */
function readText(file: string, path: string, isNamed: boolean): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown error';
    if (code === 'ENOENT' && !isNamed) return undefined;
    const what = isNamed ? `ENV_FILE is ${file}, which` : file;
    throw new TandemError('CONFIG_INVALID', `${what} cannot be read (${code}).`, { cause: error });
  }
}

function sentenceOf(file: string, names: readonly string[], kept: readonly string[]): string {
  const late = names.filter((name) => TOO_LATE.test(name));
  return [
    names.length === 0 ? `${file} was read and sets nothing.` : `${file} was read: ${names.join(', ')}.`,
    ...(kept.length === 0 ? [] : [`The environment has its own ${kept.join(', ')}, which counts.`]),
    ...(late.length === 0 ? [] : [`${late.join(', ')} has no effect in a file; set it in the environment.`]),
  ].join(' ');
}
