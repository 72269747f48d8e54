import { dirname, resolve } from 'node:path';
import { z } from 'zod';
import { TandemError } from '../base/errors.js';
import { readJsonFile } from '../base/json-file.js';
import { QUEUE_KEYS, unknownQueueKey } from '../escalation/queue-keys.js';
import { Assistant, type Queues } from './assistant.js';
import { type PromptDraft, completed, inLanguage, languageTag, voicesByProvider } from './draft.js';
import { findDraft, isPromptFile } from './find-draft.js';
import { namedAssistant } from './named-assistant.js';
import { OpeningHours, hoursSchema } from './opening-hours.js';

const arn = z.string().startsWith('arn:', 'expected the ARN of a queue');
/** A number that is called, or the name of an assistant to which only others pass callers. */
const key = z
  .string()
  .regex(
    /^(\+[1-9]\d{6,14}|[a-z][a-z0-9_-]{0,39})$/,
    'expected a phone number in E.164 form, like +12065550100, or a short name of lower-case letters, digits, - and _',
  );
/** Maximum number of assistants to which one may pass callers. A model chooses well among a few. */
const MAX_PASSES_TO = 20;

/** The file's entry for one assistant. Every field is optional. */
const entrySchema = z.strictObject({
  prompt: z.string().min(1).optional(),
  language: languageTag.optional(),
  greeting: z.string().trim().min(1).max(500).optional(),
  /** A single name is the voice of the provider that answers first. */
  voice: z
    .union([z.string().trim().min(1), voicesByProvider], {
      error: 'expected the name of a voice, or names by provider',
    })
    .optional(),
  provider: z.string().min(1).optional(),
  fallback: z.array(z.string().min(1)).optional(),
  queue: arn.optional(),
  queues: z
    .record(
      z.string().refine((key) => unknownQueueKey([key]) === undefined, {
        error: `expected a reason or a topic: ${QUEUE_KEYS.join(', ')}`,
      }),
      arn,
    )
    .default({}),
  hours: hoursSchema.optional(),
  passesTo: z
    .record(key, z.string().trim().min(1, 'expected words that say when').max(200))
    .refine((names) => Object.keys(names).length <= MAX_PASSES_TO, `expected at most ${MAX_PASSES_TO} assistants`)
    .default({}),
});
const fileSchema = z.record(key, entrySchema);

type Entry = z.output<typeof entrySchema>;

/** The settings and registered names from which assistants are created. */
export interface AssistantsOptions {
  /** ASSISTANT_PROMPT. */
  defaultPrompt: string;
  /** ASSISTANTS_FILE. */
  file: string | undefined;
  /** VOICE_PROVIDER and VOICE_FALLBACK. */
  voiceProviders: readonly [string, ...string[]];
  /** The queues for callers whose number has none of its own. */
  queues: Queues;
  /** The folder to which the path of the default prompt is relative. */
  folder: string;
  /** Names of every registered provider, to check against. */
  providers: readonly string[];
  /** Names of every registered tool, to check against. */
  tools: readonly string[];
  /** Whether a server that is asked later may have a tool of this name. */
  mayHaveTool?: (name: string) => boolean;
}

/** Finds the assistant for the number called. */
export class Assistants {
  /** The assistants of the file, by the number called. Those that no number has are there by their name. */
  readonly byNumber: ReadonlyMap<string, Assistant>;
  /** Answers all other numbers. */
  readonly otherwise: Assistant;

  constructor(otherwise: Assistant, byNumber: ReadonlyMap<string, Assistant> = new Map()) {
    this.otherwise = otherwise;
    this.byNumber = byNumber;
  }

  /** Returns the assistant for `numberCalled`, in E.164 as Twilio sends it. */
  for(numberCalled: string): Assistant {
    return this.byNumber.get(numberCalled) ?? this.otherwise;
  }

  /** Every assistant that may answer a call. */
  get all(): readonly Assistant[] {
    return [this.otherwise, ...this.byNumber.values()];
  }

  /** Names of every provider that the entry of a number names. */
  get providers(): readonly string[] {
    return [...new Set([...this.byNumber.values()].flatMap(({ providers }) => providers ?? []))];
  }
}

/**
 * Reads and checks all assistants, so that a mistake is found at startup and not by a caller.
 * @throws TandemError CONFIG_INVALID naming the variable, the number and the field
 */
export async function readAssistants(options: AssistantsOptions): Promise<Assistants> {
  const { defaultPrompt, file, queues } = options;
  const found = await findDraft(defaultPrompt, options.folder);
  const prompt = typeof found === 'string' ? found : checkedPrompt(found, options);
  if (typeof prompt === 'string') {
    throw new TandemError('CONFIG_INVALID', `ASSISTANT_PROMPT is ${JSON.stringify(defaultPrompt)}, but ${prompt}.`);
  }
  const draft = typeof found === 'string' ? undefined : found;
  const otherwise = new Assistant({ prompt, draft, source: sourceOf(defaultPrompt, options.folder), queues: [queues] });
  if (file === undefined) return new Assistants(otherwise);

  const entries = await readJsonFile(file, fileSchema);
  if (typeof entries === 'string') {
    throw new TandemError('CONFIG_INVALID', `ASSISTANTS_FILE names ${file}, but ${entries}.`);
  }
  const byNumber = new Map<string, Assistant>();
  const invalid = (key: string, problem: string): TandemError =>
    new TandemError('CONFIG_INVALID', `ASSISTANTS_FILE (${file}), in "${key}": ${problem}.`);
  for (const [key, entry] of Object.entries(entries)) {
    const assistant = await assistantFor(key, entry, options, dirname(file));
    if (typeof assistant === 'string') throw invalid(key, assistant);
    byNumber.set(key, assistant);
  }
  const assistants = new Assistants(otherwise, byNumber);
  for (const [key, assistant] of byNumber) {
    const problem = unknownNext(assistants, key, assistant);
    if (problem !== undefined) throw invalid(key, problem);
  }
  return assistants;
}

/** Returns what is wrong with the assistants to which one passes callers. `undefined` if nothing is. */
function unknownNext(assistants: Assistants, key: string, { passesTo }: Assistant): string | undefined {
  for (const next of Object.keys(passesTo)) {
    if (next === key) return `"passesTo" names ${JSON.stringify(next)}, which is itself`;
    if (namedAssistant(assistants, next, key) === undefined)
      return `"passesTo" names ${JSON.stringify(next)}, but there is no assistant of that name`;
  }
  return undefined;
}

/** Creates the assistant of one entry. Returns a string if the entry is invalid: the problem. */
async function assistantFor(
  key: string,
  entry: Entry,
  options: AssistantsOptions,
  folder: string,
): Promise<Assistant | string> {
  // The path of the default prompt is relative to where the gateway was started, not to this file.
  const name = entry.prompt ?? options.defaultPrompt;
  const from = entry.prompt === undefined ? options.folder : folder;
  const draft = await findDraft(name, from);
  if (typeof draft === 'string') return `"prompt" is ${JSON.stringify(name)}, but ${draft}`;

  const { fallback, hours, provider, queue, queues } = entry;
  const [configured, ...configuredFallback] = options.voiceProviders;
  const first = provider ?? configured;
  const providers = [...new Set([first, ...(fallback ?? configuredFallback)])];
  const voices = typeof entry.voice === 'string' ? { [first]: entry.voice } : (entry.voice ?? {});
  const unknown = [...providers, ...Object.keys(voices)].find((name) => !options.providers.includes(name));
  if (unknown !== undefined) {
    return `there is no provider ${JSON.stringify(unknown)}, only ${options.providers.join(', ')}`;
  }
  const own = changed(draft, entry, voices);
  const prompt = checkedPrompt(own, options);
  if (typeof prompt === 'string') return `its prompt ${JSON.stringify(name)} cannot be used: ${prompt}`;
  return new Assistant({
    prompt,
    name: key.startsWith('+') ? undefined : key,
    passesTo: entry.passesTo,
    source: sourceOf(name, from),
    providers: provider === undefined && fallback === undefined ? undefined : providers,
    hours: hours === undefined ? undefined : new OpeningHours(hours),
    queues: [{ byReason: queues, otherwise: queue }, options.queues],
    draft: own,
  });
}

/** Applies a number's entry to its prompt. */
function changed(draft: PromptDraft, entry: Entry, voices: Readonly<Record<string, string>>): PromptDraft {
  const { greeting, language = draft.language } = entry;
  const spoken = inLanguage(draft, language);
  return { ...spoken, greeting: greeting ?? spoken.greeting, voices: { ...spoken.voices, ...voices } };
}

function sourceOf(nameOrPath: string, folder: string): string {
  return isPromptFile(nameOrPath) ? resolve(folder, nameOrPath) : nameOrPath;
}

/** Completes a prompt. Returns a string if the prompt is invalid: the problem. */
function checkedPrompt(draft: PromptDraft, { mayHaveTool, tools }: AssistantsOptions): ReturnType<typeof completed> {
  const unknown = draft.tools?.find((tool) => !tools.includes(tool) && mayHaveTool?.(tool) !== true);
  if (unknown === undefined) return completed(draft);
  const registered =
    tools.length === 0 ? 'no extension registers a tool' : `the registered tools are ${tools.join(', ')}`;
  return `"tools" names ${JSON.stringify(unknown)}, but ${registered}`;
}
