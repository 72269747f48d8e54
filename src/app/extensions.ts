import { isAbsolute, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Clock } from '../base/clock.js';
import { TandemError, isTandemError } from '../base/errors.js';
import { LATE, textOf, within } from '../base/within.js';
import type { Config } from '../config/config.js';
import type { OwnProcessor, ProcessorCall, ProcessorPlace } from '../call/media/own-processors.js';
import type { Processor } from '../pipeline/processor.js';
import { BUILT_IN_TOOL_NAMES } from '../call/media/built-in-tools.js';
import { CONSENT_TOOL } from '../call/recording/consent-tool.js';
import { SECRET_TOOL } from '../call/secrets/secret-collector.js';
import type { SecretFunction } from '../call/secrets/secret-function.js';
import { DO_NOT_CALL_TOOL } from '../outbound/do-not-call.js';
import { MESSAGE_TOOL_NAMES } from '../call/transfer/caller-messages.js';
import type { BeforeCallFunction } from '../hooks/context-sources.js';
import type { CallEventFunction } from '../hooks/event-sinks.js';
import type { Logger } from '../telemetry/log.js';
import type { VoiceProvider } from '../voice/session.js';
import { type AssistantTool, toolDefinition } from '../voice/tools.js';

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

/**
 * Calls the factory of an extension's provider, and checks what it returns.
 * @throws TandemError CONFIG_INVALID that names EXTENSIONS and the provider
 */
export function createExtensionProvider(
  name: string,
  factory: ProviderFactory,
  context: ProviderContext,
): VoiceProvider {
  let provider: Partial<VoiceProvider> | undefined | null;
  try {
    provider = factory(context);
  } catch (error) {
    if (isTandemError(error)) throw error;
    throw unusableProvider(name, `could not be created: ${textOf(error)}`, error);
  }
  const missing = (['prepare', 'open', 'close'] as const).find((method) => typeof provider?.[method] !== 'function');
  if (missing !== undefined) throw unusableProvider(name, `has no function "${missing}"`);
  if (typeof provider?.name !== 'string' || provider.name === '') throw unusableProvider(name, 'has no "name"');
  const { answerWithinMs, renewal } = provider;
  if (answerWithinMs !== undefined && !(answerWithinMs > 0)) {
    throw unusableProvider(name, 'has an "answerWithinMs" that is no time above 0');
  }
  if (renewal !== undefined && !(renewal.afterMs > 0 && renewal.forceAfterMs >= renewal.afterMs)) {
    throw unusableProvider(name, 'has a "renewal" whose "afterMs" and "forceAfterMs" are no times in this order');
  }
  return provider as VoiceProvider;
}

function unusableProvider(name: string, why: string, cause?: unknown): TandemError {
  return new TandemError('CONFIG_INVALID', `EXTENSIONS has a provider "${name}", but it ${why}.`, { cause });
}

/** What the gateway passes to the factory of a processor. */
export interface ProcessorContext extends ProcessorCall {
  /** The environment variables, for the processor's own settings. */
  env: Readonly<Record<string, string | undefined>>;
}

/** A processor of the frame pipeline, as an extension exports it. */
export interface ProcessorEntry {
  place: ProcessorPlace;
  /**
   * Creates the processor of one stream. A call has one stream, and another one each time a stream breaks. A processor that
   * cannot be created is left out.
   */
  create(context: ProcessorContext): Processor;
}

/** What the modules named in EXTENSIONS export. A module exports any of what is here. */
export interface Extensions {
  /**
   * Factories by the name used in VOICE_PROVIDER, VOICE_FALLBACK and the assistants' file. A factory replaces a built-in
   * provider of the same name.
   */
  providers: ReadonlyMap<string, ProviderFactory>;
  /** Tools the model can call, each with a unique name. */
  tools: readonly AssistantTool[];
  /** Processors of the frame pipeline by name, in the order in which frames pass them on the way to the caller. */
  processors: ReadonlyMap<string, ProcessorEntry>;
  /** Asked before a call is answered what is known of it. At most one module exports it. */
  beforeCall?: BeforeCallFunction | undefined;
  /** Told of each event of a call. At most one module exports it. */
  onCallEvent?: CallEventFunction | undefined;
  /** Told of the end of a call. At most one module exports it. */
  afterCall?: CallEventFunction | undefined;
  /** Gets the digits that no model hears. At most one module exports it. */
  onSecret?: SecretFunction | undefined;
}

/** Maximum time for loading one module. */
const LOAD_LIMIT_MS = 10_000;
/** A model that waits longer for a tool has lost its caller. */
const MAX_TOOL_MS = 300_000;
const KINDS = ['providers', 'tools', 'processors', 'beforeCall', 'onCallEvent', 'afterCall', 'onSecret'] as const;
const PLACES: readonly ProcessorPlace[] = ['before-model', 'after-model'];
const TOOL_NAME = /^[a-z][a-z0-9_]{0,63}$/;

/**
 * Loads extension modules by path (relative to `folder`) or by package name. `limitMs`: maximum time for each module.
 * @throws TandemError CONFIG_INVALID that names EXTENSIONS, the module that cannot be used, and the reason
 */
export async function loadExtensions(
  modules: readonly string[],
  folder: string,
  limitMs = LOAD_LIMIT_MS,
): Promise<Extensions> {
  const providers = new Map<string, ProviderFactory>();
  const tools: AssistantTool[] = [];
  const processors = new Map<string, ProcessorEntry>();
  let beforeCall: BeforeCallFunction | undefined;
  let onCallEvent: CallEventFunction | undefined;
  let afterCall: CallEventFunction | undefined;
  let onSecret: SecretFunction | undefined;
  for (const name of modules) {
    const module = await load(name, folder, limitMs);
    if (KINDS.every((kind) => module[kind] === undefined)) throw unusable(name, nothingOf(module));
    for (const [providerName, factory] of Object.entries(record(name, 'providers', module['providers']))) {
      if (typeof factory !== 'function') throw unusable(name, `its provider "${providerName}" is not a function`);
      providers.set(providerName, factory as ProviderFactory);
    }
    for (const tool of list(name, 'tools', module['tools'])) tools.push(checkTool(name, tool, tools));
    for (const [processor, entry] of Object.entries(record(name, 'processors', module['processors']))) {
      processors.set(processor, checkProcessor(name, processor, entry, processors));
    }
    beforeCall = onlyFunction(name, 'beforeCall', module, beforeCall);
    onCallEvent = onlyFunction(name, 'onCallEvent', module, onCallEvent);
    afterCall = onlyFunction(name, 'afterCall', module, afterCall);
    onSecret = onlyFunction(name, 'onSecret', module, onSecret);
  }
  return { providers, tools, processors, beforeCall, onCallEvent, afterCall, onSecret };
}

/** Returns the function of this module, or `known` if it has none. One module may have it. */
function onlyFunction<T>(
  name: string,
  what: string,
  module: Record<string, unknown>,
  known: T | undefined,
): T | undefined {
  const given = module[what];
  if (given === undefined) return known;
  if (typeof given !== 'function') throw unusable(name, `its "${what}" is not a function`);
  if (known !== undefined) throw unusable(name, `another module exports "${what}", too`);
  return given as T;
}

async function load(name: string, folder: string, limitMs: number): Promise<Record<string, unknown>> {
  const isPath = name.startsWith('.') || isAbsolute(name);
  try {
    const module: unknown = await within(limitMs, import(isPath ? pathToFileURL(resolve(folder, name)).href : name));
    if (module === LATE) throw unusable(name, `it has not finished loading after ${limitMs / 1000} s`);
    return module as Record<string, unknown>;
  } catch (error) {
    if (isTandemError(error)) throw error;
    const code = (error as { code?: unknown } | undefined)?.code;
    const why = code === 'ERR_MODULE_NOT_FOUND' ? 'it, or something it imports, is not there' : 'it cannot be loaded';
    throw new TandemError('CONFIG_INVALID', `EXTENSIONS names ${name}, but ${why}: ${textOf(error)}.`, {
      cause: error,
    });
  }
}

function record(name: string, what: string, value: unknown): Record<string, unknown> {
  if (value === undefined) return {};
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw unusable(name, `its "${what}" is not an object`);
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
        : typeof tool.parameters?.safeParseAsync !== 'function'
          ? 'has no zod schema as "parameters"'
          : others.some((other) => other.name === tool.name)
            ? 'is there twice'
            : (problemOf(tool as AssistantTool) ?? schemaProblem(tool as AssistantTool));
  if (problem !== undefined) throw unusable(name, `its tool "${tool.name}" ${problem}`);
  return tool as AssistantTool;
}

function checkProcessor(
  name: string,
  processor: string,
  value: unknown,
  others: ReadonlyMap<string, ProcessorEntry>,
): ProcessorEntry {
  const entry = value as Partial<ProcessorEntry> | null | undefined;
  const problem = others.has(processor)
    ? 'is there twice'
    : typeof entry?.create !== 'function'
      ? 'has no function "create"'
      : PLACES.some((place) => place === entry.place)
        ? undefined
        : `has a "place" that is none of ${PLACES.join(', ')}`;
  if (problem !== undefined) throw unusable(name, `its processor "${processor}" ${problem}`);
  return entry as ProcessorEntry;
}

/**
 * Returns the processors as calls open them.
 * @throws TandemError CONFIG_INVALID if there are some, and calls run without the frame pipeline
 */
export function processorsOf(
  { processors }: Extensions,
  { pipeline }: Pick<Config, 'pipeline'>,
  env: ProcessorContext['env'],
): OwnProcessor[] {
  if (!pipeline && processors.size > 0) {
    throw new TandemError(
      'CONFIG_INVALID',
      `USE_PIPECAT is false, and the direct bridge runs no processors, but EXTENSIONS has some: ${[...processors.keys()].join(', ')}.`,
    );
  }
  return [...processors].map(([name, entry]) => ({
    name,
    place: entry.place,
    create: (call) => entry.create({ ...call, env }),
  }));
}

/** Names of tools that the gateway has itself, at least in some calls. */
export const RESERVED_NAMES: readonly string[] = [
  ...BUILT_IN_TOOL_NAMES,
  ...MESSAGE_TOOL_NAMES,
  DO_NOT_CALL_TOOL,
  CONSENT_TOOL,
  SECRET_TOOL,
];

function problemOf({ filler, name, timeoutMs }: AssistantTool): string | undefined {
  if (RESERVED_NAMES.includes(name)) return `has the name of a built-in tool (${RESERVED_NAMES.join(', ')})`;
  if (timeoutMs !== undefined && !(Number.isFinite(timeoutMs) && timeoutMs > 0 && timeoutMs <= MAX_TOOL_MS)) {
    return `has a "timeoutMs" that is no number of milliseconds from 1 to ${MAX_TOOL_MS}`;
  }
  if (filler !== undefined && (typeof filler !== 'string' || filler.trim() === ''))
    return 'has a "filler" without words';
  return undefined;
}

/** The model gets the schema as JSON Schema, in which not every zod schema can be said. */
function schemaProblem(tool: AssistantTool): string | undefined {
  try {
    const { type } = toolDefinition(tool).parameters;
    return type === 'object' ? undefined : 'has "parameters" that are no z.object';
  } catch (error) {
    return `has "parameters" that JSON Schema cannot express: ${textOf(error)}`;
  }
}

function nothingOf(module: Record<string, unknown>): string {
  const names = Object.keys(module);
  const found = names.length === 0 ? 'nothing' : names.join(', ').slice(0, 200);
  return `it exports none of ${KINDS.map((kind) => `"${kind}"`).join(', ')} (it exports ${found})`;
}

function unusable(name: string, why: string): TandemError {
  return new TandemError('CONFIG_INVALID', `EXTENSIONS names ${name}, but ${why}.`);
}
