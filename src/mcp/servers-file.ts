import { dirname } from 'node:path';
import { z } from 'zod';
import { TandemError } from '../base/errors.js';
import { readJsonFile } from '../base/json-file.js';
import { SILENCE_BUDGET } from '../base/silence-budget.js';

/** How a server is reached: over streamable HTTP, or as a program that the gateway starts. Never logged: it holds secrets. */
export type McpAddress =
  | { by: 'http'; url: string; headers: Readonly<Record<string, string>> }
  | {
      by: 'stdio';
      command: string;
      args: readonly string[];
      /** What the program finds in its environment, besides what every program needs. */
      env: Readonly<Record<string, string>>;
      folder: string;
    };

/** One entry of MCP_SERVERS. */
export interface McpServerSettings {
  /** Begins the names of its tools. */
  name: string;
  address: McpAddress;
  /** The server's own names of the tools that may be used. `undefined`: all. */
  allowed: readonly string[] | undefined;
  /** Maximum time of one call. */
  timeoutMs: number;
  /** Maximum length of the text that the model gets of one result. */
  maxResultChars: number;
  /** Said while a tool runs, in any language or by language. `undefined`: nothing is said. */
  filler: string | Readonly<Record<string, string>> | undefined;
  /** Names of prompts, and numbers called, whose calls may use it. `undefined`: all. */
  assistants: readonly string[] | undefined;
}

/** Maximum number of servers. */
const MAX_SERVERS = 16;
const line = z.string().trim().min(1, 'expected some words').max(300);
const texts = z.record(z.string().regex(/^[A-Za-z-]{2,20}$/), z.string().max(4000));

const entrySchema = z
  .strictObject({
    // Without a "_", so that the names of two servers never begin alike.
    name: z.string().regex(/^[a-z][a-z0-9]{0,19}$/, 'expected a short name of small letters and digits'),
    url: z
      .string()
      .refine((url) => URL.canParse(url) && /^https?:$/.test(new URL(url).protocol), {
        error: 'expected a URL that begins with https:// or http://',
      })
      .refine((url) => !URL.canParse(url) || new URL(url).username + new URL(url).password === '', {
        error: 'expected a URL without a name and a password; put them into "headers"',
      })
      .optional(),
    headers: z
      .record(
        z.string().regex(/^[A-Za-z0-9-]{1,100}$/, 'expected the name of a header'),
        z.string().regex(/^[\x20-\x7e]{0,4000}$/, 'expected a header'),
      )
      .optional(),
    command: z.string().min(1).max(1000).optional(),
    args: z.array(z.string().max(4000)).max(100).optional(),
    env: z
      .record(
        z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,100}$/, 'expected the name of a variable'),
        z.string().max(4000),
      )
      .optional(),
    tools: z.array(z.string().min(1).max(128)).max(100).optional(),
    timeout_seconds: z.number().min(0.5).max(300).optional(),
    max_result_chars: z.int().min(200).max(15_000).default(4000),
    filler: z.union([line, texts], { error: 'expected a sentence, or sentences by language' }).optional(),
    assistants: z.array(z.string().min(1)).min(1).max(100).optional(),
  })
  .refine(({ command, url }) => (command === undefined) !== (url === undefined), {
    error: 'expected either "url" or "command"',
  })
  .refine(({ headers, url }) => headers === undefined || url !== undefined, {
    path: ['headers'],
    error: 'only a server with a "url" has headers',
  })
  .refine(({ args, command, env }) => (args === undefined && env === undefined) || command !== undefined, {
    error: 'only a server with a "command" has "args" and "env"',
  });

const fileSchema = z
  .array(entrySchema)
  .min(1, 'expected a list of servers')
  .max(MAX_SERVERS)
  .refine((entries) => new Set(entries.map(({ name }) => name)).size === entries.length, {
    error: 'two servers have the same name',
  });

/**
 * Reads the file that MCP_SERVERS names. `${NAME}` in a header or in `env` stands for an environment variable.
 * @throws TandemError CONFIG_INVALID naming the server and the field. It never shows a value.
 */
export async function readMcpServers(
  file: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<McpServerSettings[]> {
  const entries = await readJsonFile(file, fileSchema);
  if (typeof entries === 'string')
    throw new TandemError('CONFIG_INVALID', `MCP_SERVERS names ${file}, but ${entries}.`);
  return entries.map((entry) => ({
    name: entry.name,
    address: addressOf(entry, file, env),
    allowed: entry.tools,
    timeoutMs: entry.timeout_seconds === undefined ? SILENCE_BUDGET.toolMs : entry.timeout_seconds * 1000,
    maxResultChars: entry.max_result_chars,
    filler: entry.filler,
    assistants: entry.assistants,
  }));
}

function addressOf(
  { args = [], command, env: own = {}, headers = {}, name, url }: z.output<typeof entrySchema>,
  file: string,
  env: Readonly<Record<string, string | undefined>>,
): McpAddress {
  const filled = (field: string, values: Readonly<Record<string, string>>): Record<string, string> =>
    Object.fromEntries(
      Object.entries(values).map(([key, text]) => [
        key,
        text.replace(/\$\{([^{}]*)\}/g, (_, variable: string) => {
          const value = env[variable];
          if (value !== undefined && value !== '' && (field === 'env' || /^[\x20-\x7e]*$/.test(value))) return value;
          const why = value === undefined || value === '' ? 'is not set' : 'holds what a header cannot';
          throw new TandemError(
            'CONFIG_INVALID',
            `MCP_SERVERS (${file}), in "${name}": "${field}.${key}" names the variable ${variable.slice(0, 80)}, which ${why}.`,
          );
        }),
      ]),
    );
  if (url !== undefined) return { by: 'http', url, headers: filled('headers', headers) };
  return { by: 'stdio', command: command ?? '', args, env: filled('env', own), folder: dirname(file) };
}

/** Whether a server may have a tool that the model knows by this name. Only the server itself knows which it has. */
export function mayHaveTool(servers: readonly McpServerSettings[], name: string): boolean {
  return servers.some((server) => name.startsWith(`${server.name}_`));
}

/** Whether calls of the assistant with this prompt, to this number, may use the server. */
export function mayUse({ assistants }: McpServerSettings, promptName: string, ownNumber: string): boolean {
  return assistants === undefined || assistants.includes(promptName) || assistants.includes(ownNumber);
}
