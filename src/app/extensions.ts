import { isAbsolute, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Clock } from '../base/clock.js';
import { TandemError } from '../base/errors.js';
import type { Logger } from '../telemetry/log.js';
import type { VoiceProvider } from '../voice/session.js';
import type { AssistantTool } from '../voice/tools.js';

/** What the gateway passes to a {@link ProviderFactory}. */
export interface ProviderContext {
  /**
   * The gateway's logger. Keep message text constant and put values into fields, because only fields are redacted.
   * Never log what was said.
   */
  log: Logger;
  /** The gateway's time. Use it instead of `Date` and `setTimeout`, so that tests can control time. */
  clock: Clock;
  /**
   * The environment variables, for the provider's own settings. Begin their names with the provider's name, so that
   * they do not collide with the gateway's.
   */
  env: Readonly<Record<string, string | undefined>>;
}

/**
 * Creates a voice provider. Called at start, once for each provider that is configured, before
 * {@link VoiceProvider.prepare}. An error it throws ends the start.
 */
export type ProviderFactory = (context: ProviderContext) => VoiceProvider;

/** What the modules named in EXTENSIONS export. A module exports `providers`, `tools`, or both. */
export interface Extensions {
  /**
   * Factories by the name used in VOICE_PROVIDER, VOICE_FALLBACK and the assistants' file. A factory replaces a built-in
   * provider of the same name.
   */
  providers: ReadonlyMap<string, ProviderFactory>;
  /** Tools the model can call, each with a unique name. */
  tools: readonly AssistantTool[];
}

const TOOL_NAME = /^[a-z][a-z0-9_]{0,63}$/;

/**
 * Loads extension modules by path (relative to `folder`) or by package name.
 * @throws TandemError CONFIG_INVALID that names EXTENSIONS, the module that cannot be used, and the reason
 */
export async function loadExtensions(modules: readonly string[], folder: string): Promise<Extensions> {
  const providers = new Map<string, ProviderFactory>();
  const tools: AssistantTool[] = [];
  for (const name of modules) {
    const module = await load(name, folder);
    for (const [providerName, factory] of Object.entries(record(name, 'providers', module['providers']))) {
      if (typeof factory !== 'function') throw unusable(name, `its provider "${providerName}" is not a function`);
      providers.set(providerName, factory as ProviderFactory);
    }
    for (const tool of list(name, 'tools', module['tools'])) tools.push(checkTool(name, tool, tools));
  }
  return { providers, tools };
}

async function load(name: string, folder: string): Promise<Record<string, unknown>> {
  const isPath = name.startsWith('.') || isAbsolute(name);
  try {
    return (await import(isPath ? pathToFileURL(resolve(folder, name)).href : name)) as Record<string, unknown>;
  } catch (error) {
    const code = (error as { code?: unknown }).code;
    const why = code === 'ERR_MODULE_NOT_FOUND' ? 'it, or something it imports, is not there' : 'it cannot be loaded';
    throw new TandemError('CONFIG_INVALID', `EXTENSIONS names ${name}, but ${why}: ${(error as Error).message}.`, {
      cause: error,
    });
  }
}

function record(name: string, what: string, value: unknown): Record<string, unknown> {
  if (value === undefined) return {};
  if (typeof value !== 'object' || value === null) throw unusable(name, `its "${what}" is not an object`);
  return value as Record<string, unknown>;
}

function list(name: string, what: string, value: unknown): readonly unknown[] {
  if (value === undefined) return [];
  if (!Array.isArray(value)) throw unusable(name, `its "${what}" is not an array`);
  return value as unknown[];
}

function checkTool(name: string, value: unknown, others: readonly AssistantTool[]): AssistantTool {
  const tool = value as Partial<AssistantTool> | null;
  if (typeof tool?.name !== 'string' || !TOOL_NAME.test(tool.name)) {
    throw unusable(name, 'one of its tools has no name in snake_case');
  }
  const problem =
    typeof tool.run !== 'function'
      ? 'has no function "run"'
      : typeof tool.description !== 'string'
        ? 'has no description'
        : typeof tool.parameters?.safeParse !== 'function'
          ? 'has no zod schema as "parameters"'
          : others.some((other) => other.name === tool.name)
            ? 'is there twice'
            : undefined;
  if (problem !== undefined) throw unusable(name, `its tool "${tool.name}" ${problem}`);
  return tool as AssistantTool;
}

function unusable(name: string, why: string): TandemError {
  return new TandemError('CONFIG_INVALID', `EXTENSIONS names ${name}, but ${why}.`);
}
