import { realpathSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { isTandemError } from '../base/errors.js';
import { useDotEnv } from './dot-env.js';

// What all commands share: options, `--help`, the settings of `.env`, exit codes. Each command describes its options once; the usage text and the
// parser follow from that.

/** A mistake on the command line. Only its message is shown, and the exit code is 2. */
export class UsageError extends Error {}

type Option =
  | { type: 'boolean'; about: string }
  /** `value` stands for the value in the usage text. */
  | { type: 'string'; value: string; about: string; default?: string; multiple?: false }
  | { type: 'string'; value: string; about: string; multiple: true };

type OptionTable = Readonly<Record<string, Option>>;

type ValueOf<One extends Option> = One extends { type: 'boolean' }
  ? boolean
  : One extends { multiple: true }
    ? readonly string[]
    : One extends { default: string }
      ? string
      : string | undefined;

type Values<Options extends OptionTable> = { readonly [Name in keyof Options]: ValueOf<Options[Name]> };

/** Returns how the user writes a command of this project, for instance `npm run call -- --json`. */
export type Shown = (command: string, args?: string) => string;

/** What a command gets. */
export interface Input<Options extends OptionTable> {
  values: Values<Options>;
  /** The words that belong to no option. Empty if the command takes none. */
  operands: readonly string[];
  /** The options with a value, in the order in which they were given. */
  inOrder: readonly { name: string; value: string }[];
  shown: Shown;
}

export interface Command<Options extends OptionTable = OptionTable> {
  /** The script of package.json. */
  name: string;
  /** One or two sentences. */
  does: string;
  operands?: { shown: string; about: string };
  options: Options;
  /** Arguments to copy. An example can begin with variables of the environment. */
  examples: readonly string[];
  /** What else a user needs to know, as lines. */
  notes?: string;
  /** Whether the command reads the settings of `.env` and tells of its failures itself. */
  isOnItsOwn?: boolean;
  /** Resolves with the exit code, or with `undefined` if the process runs until it is stopped. */
  run(input: Input<Options>): Promise<number | undefined>;
}

/** Returns the command as it is, with the types of its options. */
export function defineCommand<const Options extends OptionTable>(command: Command<Options>): Command<Options> {
  return command;
}

const HELP = 'help';
const WIDTH = 110;
const MAX_COLUMN = 30;

/** The commands as npm scripts. npm takes options before its own `--` for itself. */
export const asNpmScript: Shown = (command, args = '') => {
  const isJson = / --json\b/.test(` ${args}`);
  const script = command === 'start' ? 'npm start' : `npm run ${isJson ? '--silent ' : ''}${command}`;
  return args === '' ? script : `${script} -- ${args}`;
};

/** Returns the text that `--help` prints. */
export function usageOf<Options extends OptionTable>(command: Command<Options>, shown: Shown = asNpmScript): string {
  const { does, examples, name, notes, operands } = command;
  const rows: [string, string][] = [
    ...(operands === undefined ? [] : [[operands.shown, operands.about] as [string, string]]),
    ...Object.entries<Option>(command.options).map(([option, about]): [string, string] => [
      about.type === 'string' ? `--${option} ${about.value}` : `--${option}`,
      aboutOf(about),
    ]),
    [`--${HELP}, -h`, 'prints this text'],
  ];
  const column = Math.min(MAX_COLUMN, Math.max(...rows.map(([left]) => left.length))) + 4;
  return [
    wrapped(does, ''),
    '',
    `Usage: ${shown(name, [...(operands === undefined ? [] : [operands.shown]), '[options]'].join(' '))}`,
    '',
    ...rows.map(([left, right]) => {
      const first = `  ${left}`.padEnd(column);
      const text = wrapped(right, ' '.repeat(column));
      return first.length > column ? `${first}\n${text}` : first + text.trimStart();
    }),
    '',
    examples.length === 1 ? 'Example:' : 'Examples:',
    ...examples.map((example) => {
      const [, variables = '', args = ''] = /^((?:[A-Z_]+=\S+(?: |$))*)(.*)$/.exec(example) ?? [];
      return `  ${variables === '' ? '' : `${variables.trim()} `}${shown(name, args)}`;
    }),
    ...(notes === undefined ? [] : ['', notes]),
  ].join('\n');
}

function aboutOf(option: Option): string {
  return option.type === 'string' && 'default' in option ? `${option.about} (default ${option.default})` : option.about;
}

/** Breaks long lines between words. Later lines begin with `indent`. */
function wrapped(text: string, indent: string): string {
  const lines: string[] = [];
  for (const paragraph of text.split('\n')) {
    let line = '';
    for (const word of paragraph.split(' ')) {
      if (line !== '' && indent.length + line.length + 1 + word.length > WIDTH) {
        lines.push(line);
        line = word;
      } else line = line === '' ? word : `${line} ${word}`;
    }
    lines.push(line);
  }
  return lines.map((line) => indent + line).join('\n');
}

/** Parses the arguments of a command. Returns `undefined` if they ask for help. @throws UsageError with one sentence */
export function readInput<Options extends OptionTable>(
  command: Command<Options>,
  args: readonly string[],
  shown: Shown = asNpmScript,
): Input<Options> | undefined {
  const table: OptionTable = command.options;
  const { tokens } = parseArgs({
    args: [...args],
    strict: false,
    tokens: true,
    options: {
      ...Object.fromEntries(Object.entries(table).map(([name, { type }]) => [name, { type }])),
      [HELP]: { type: 'boolean', short: 'h' },
    },
  });
  const values: Record<string, boolean | string | string[] | undefined> = {};
  for (const [name, option] of Object.entries(table)) {
    if (option.type === 'boolean') values[name] = false;
    else if (option.multiple === true) values[name] = [];
    else values[name] = option.default;
  }
  const operands: string[] = [];
  const inOrder: { name: string; value: string }[] = [];
  const seeHelp = `"${shown(command.name, '--help')}" lists the options.`;
  for (const token of tokens) {
    if (token.kind === 'option-terminator') continue;
    if (token.kind === 'positional') {
      if (command.operands === undefined)
        throw new UsageError(
          `The command cannot use ${JSON.stringify(token.value)}, which follows no option: ${seeHelp}`,
        );
      operands.push(token.value);
      continue;
    }
    const { inlineValue, name, rawName, value } = token;
    if (name === HELP) return undefined;
    const option = Object.hasOwn(table, name) ? table[name] : undefined;
    if (option === undefined) throw new UsageError(`${rawName} is not an option of this command: ${seeHelp}`);
    if (option.type === 'boolean') {
      if (value !== undefined) throw new UsageError(`${rawName} takes no value: ${seeHelp}`);
      values[name] = true;
      continue;
    }
    // What looks like the next option is taken for a value only after "=".
    if (value === undefined || (!inlineValue && /^-./.test(value)))
      throw new UsageError(`${rawName} needs a value, ${rawName} ${option.value}: ${seeHelp}`);
    if (option.multiple === true) (values[name] as string[]).push(value);
    else values[name] = value;
    inOrder.push({ name, value });
  }
  return { values: values as Values<Options>, operands, inOrder, shown };
}

/** Reads the number of an option. @throws UsageError with the range */
export function numberOption(
  option: string,
  text: string,
  { least = 0, most = Infinity, whole = false }: { least?: number; most?: number; whole?: boolean } = {},
): number {
  const value = Number(text);
  if (text.trim() !== '' && value >= least && value <= most && (!whole || Number.isInteger(value))) return value;
  const range = most === Infinity ? `of at least ${least}` : `from ${least} to ${most}`;
  throw new UsageError(`--${option} ${text} is not a ${whole ? 'whole ' : ''}number ${range}.`);
}

/** Reads an option that has a few values. @throws UsageError that names them */
export function choiceOption<const Choice extends string>(
  option: string,
  text: string,
  choices: readonly Choice[],
): Choice {
  const chosen = choices.find((choice) => choice === text);
  if (chosen === undefined) throw new UsageError(`--${option} ${text} is none of ${choices.join(', ')}.`);
  return chosen;
}

/** Whether the process was started with this module. `url` is the module's `import.meta.url`. */
export function isEntry(url: string): boolean {
  const started = process.argv[1];
  return started !== undefined && fileURLToPath(url) === realpathSync(started);
}

/**
 * Runs a command with the settings of `.env`, and ends the process with its exit code: 2 for a wrong command line, 1 for an error.
 * Nothing is read to print the usage. The process lives at least
 * until the command is done, because a call consists at times of nothing that keeps it alive.
 */
export async function runCommand<Options extends OptionTable>(
  command: Command<Options>,
  args: readonly string[] = process.argv.slice(2),
  shown: Shown = asNpmScript,
): Promise<void> {
  const alive = setInterval(() => undefined, 60_000);
  try {
    const input = readInput(command, args, shown);
    if (input === undefined) {
      console.log(usageOf(command, shown));
      return;
    }
    if (command.isOnItsOwn !== true) useDotEnv(process.env);
    const code = await command.run(input);
    if (code !== undefined) process.exit(code);
  } catch (error) {
    const isMeant = error instanceof UsageError || isTandemError(error);
    console.error(isMeant ? error.message : error);
    process.exit(error instanceof UsageError ? 2 : 1);
  } finally {
    clearInterval(alive);
  }
}
