import { resolve } from 'node:path';
import { loadExtensions } from '../src/app/extensions.js';
import { UsageError } from '../src/process/command-line.js';
import { type Environment, settingOf } from '../src/base/environment.js';
import { isTandemError } from '../src/base/errors.js';
import { BUILT_IN_PROVIDERS } from '../src/config/rules.js';
import { list } from '../src/config/formats.js';
import type { AssistantPrompt } from '../src/prompts/assistant-prompt.js';
import { type Assistants, readAssistants } from '../src/prompts/assistants.js';
import { BUILT_IN_DRAFTS, builtInPrompt } from '../src/prompts/built-in.js';
import { completed } from '../src/prompts/draft.js';
import { findDraft, isPromptFile } from '../src/prompts/find-draft.js';
import type { AssistantTool } from '../src/voice/tools.js';
import { DEFAULT_THRESHOLDS, type EvalCase, type Thresholds } from './case.js';
import { commonCases } from './cases/common.js';
import { defaultCases } from './cases/default.js';
import { salesCases } from './cases/sales.js';
import { technicalCases } from './cases/technical.js';
import { toolsOf } from './offered-tools.js';
import { type OwnCases, ownCasesPath, readOwnCases } from './own-cases.js';

// Which prompts are evaluated, and with which cases.

/** One prompt with everything it is evaluated by. */
export interface Suite {
  /** Unique in a run. */
  label: string;
  prompt: AssistantPrompt;
  cases: readonly EvalCase[];
  thresholds: Thresholds;
  /** Names of common cases that the prompt's author has left out. */
  leftOut: readonly string[];
  tools: readonly AssistantTool[];
}

/** A prompt that may be evaluated. */
interface Candidate {
  prompt: AssistantPrompt;
  /** The name of a built-in prompt, or the path of the file. */
  source: string;
  /** Distinguishes it from others of the same name. */
  number?: string;
}

/** The cases of a built-in prompt besides the common ones, with callers who speak English. */
const BUILT_IN_CASES: Readonly<Record<string, readonly EvalCase[]>> = {
  default: defaultCases,
  technical: technicalCases,
  sales: salesCases,
};
const EVERY_BUILT_IN: readonly Candidate[] = [
  ...Object.entries(BUILT_IN_DRAFTS).map(([source, draft]) => ({ prompt: builtInPrompt(draft), source })),
  // The same assistant in another language: its instructions are English, its answers are not.
  ...Object.entries(BUILT_IN_DRAFTS)
    .filter(([name]) => name === 'default')
    .map(([source, draft]) => ({
      prompt: builtInPrompt({ ...draft, name: 'default-de', language: 'de-DE' }),
      source,
    })),
];

/**
 * Returns the prompts to evaluate: those that `names` name; else those that answer calls by the settings in `env`; else all
 * built-in ones. Paths are relative to `folder`.
 * @throws UsageError
 */
export async function chooseSuites(names: readonly string[], env: Environment, folder: string): Promise<Suite[]> {
  try {
    const { providers, tools } = await loadExtensions(listIn(env, 'EXTENSIONS'), folder);
    const settings = new Settings(env, folder, [...BUILT_IN_PROVIDERS, ...providers.keys()], tools);
    const candidates = unique(await candidatesFor(names, settings));
    return await Promise.all(candidates.map(async (one) => suiteOf(one, labelOf(one, candidates), tools)));
  } catch (error) {
    if (isTandemError(error)) throw new UsageError(error.message);
    throw error;
  }
}

/** What the environment says about assistants. */
class Settings {
  readonly folder: string;
  readonly tools: readonly AssistantTool[];
  private readonly env: Environment;
  private readonly providers: readonly string[];

  constructor(env: Environment, folder: string, providers: readonly string[], tools: readonly AssistantTool[]) {
    this.env = env;
    this.folder = folder;
    this.providers = providers;
    this.tools = tools;
  }

  get nameAssistants(): boolean {
    return ['ASSISTANT_PROMPT', 'ASSISTANTS_FILE'].some((name) => settingOf(this.env, name) !== undefined);
  }

  assistants(): Promise<Assistants> {
    const { env, folder, providers, tools } = this;
    return readAssistants({
      defaultPrompt: settingOf(env, 'ASSISTANT_PROMPT') ?? 'default',
      file: settingOf(env, 'ASSISTANTS_FILE'),
      voiceProviders: [settingOf(env, 'VOICE_PROVIDER') ?? 'local', ...listIn(env, 'VOICE_FALLBACK')],
      queues: { byReason: {}, otherwise: undefined },
      folder,
      providers,
      tools: tools.map(({ name }) => name),
    });
  }
}

function listIn(env: Environment, name: string): readonly string[] {
  const value = settingOf(env, name);
  return value === undefined ? [] : list.parse(value);
}

async function candidatesFor(names: readonly string[], settings: Settings): Promise<readonly Candidate[]> {
  if (names.length > 0) return (await Promise.all(names.map((name) => named(name, settings)))).flat();
  if (!settings.nameAssistants) return EVERY_BUILT_IN;
  const { byNumber, otherwise } = await settings.assistants();
  return [otherwise, ...[...byNumber].map(([number, { prompt, source }]) => ({ prompt, source, number }))];
}

async function named(name: string, settings: Settings): Promise<readonly Candidate[]> {
  if (/^\+\d+$/.test(name)) {
    const assistant = (await settings.assistants()).byNumber.get(name);
    if (assistant === undefined) throw new UsageError(`--prompt is ${name}, but ASSISTANTS_FILE has no such number.`);
    return [{ prompt: assistant.prompt, source: assistant.source, number: name }];
  }
  const builtIn = EVERY_BUILT_IN.filter(({ source }) => source === name);
  if (builtIn.length > 0) return builtIn;
  const draft = await findDraft(name, settings.folder);
  const prompt = typeof draft === 'string' ? draft : completed(draft);
  if (typeof prompt === 'string') throw new UsageError(`--prompt is ${name}, but ${prompt}.`);
  const unknown = prompt.tools?.find((tool) => settings.tools.every((registered) => registered.name !== tool));
  if (unknown !== undefined)
    throw new UsageError(`--prompt is ${name}, whose "tools" name ${unknown}, but EXTENSIONS registers no such tool.`);
  return [{ prompt, source: resolve(settings.folder, name) }];
}

/** Numbers can have the same assistant, which is then evaluated once. */
function unique(candidates: readonly Candidate[]): readonly Candidate[] {
  const keys = candidates.map(({ prompt, source }) => JSON.stringify([source, { ...prompt, voices: {} }]));
  return candidates.filter((_, at) => keys.indexOf(keys[at] ?? '') === at);
}

function labelOf({ number, prompt }: Candidate, candidates: readonly Candidate[]): string {
  const isAlone = candidates.filter((other) => other.prompt.name === prompt.name).length === 1;
  return isAlone ? prompt.name : `${prompt.name} (${number ?? 'other numbers'})`;
}

async function suiteOf(candidate: Candidate, label: string, registered: readonly AssistantTool[]): Promise<Suite> {
  const { prompt, source } = candidate;
  const own = isPromptFile(source) ? await readOwnCases(source) : builtInCases(candidate);
  if (typeof own === 'string') throw new UsageError(`${own}.`);
  const common = commonCases(prompt);
  const tools = toolsOf(prompt, registered);
  const wrong = problemOf(own, common, tools);
  if (wrong !== undefined) throw new UsageError(`${ownCasesPath(source)} cannot be used: ${wrong}.`);
  const cases = [...common.filter(({ name }) => !own.without.includes(name)), ...own.cases];
  if (cases.length === 0) {
    throw new UsageError(
      `${label} is in a language that no case has words in (${prompt.language}). Put cases of your own into ${ownCasesPath(source)}.`,
    );
  }
  const thresholds = { ...DEFAULT_THRESHOLDS, ...own.thresholds };
  return { label, prompt, cases, thresholds, leftOut: own.without, tools };
}

function builtInCases({ prompt, source }: Candidate): OwnCases {
  const isEnglish = prompt.language.split('-')[0] === 'en';
  return { cases: isEnglish ? (BUILT_IN_CASES[source] ?? []) : [], without: [], thresholds: {} };
}

function problemOf(
  { cases, without }: OwnCases,
  common: readonly EvalCase[],
  tools: readonly AssistantTool[],
): string | undefined {
  const unknown = without.find((name) => common.every((one) => one.name !== name));
  if (unknown !== undefined)
    return `"without" names ${JSON.stringify(unknown)}, but the common cases are ${common.map(({ name }) => JSON.stringify(name)).join(', ')}`;
  const twice = cases.find(({ name }) => common.some((one) => one.name === name));
  if (twice !== undefined) return `there is a common case ${JSON.stringify(twice.name)} already`;
  for (const { calls = [], name, toolResults = {} } of cases) {
    const missing = [...calls, ...Object.keys(toolResults)].find((tool) => tools.every((one) => one.name !== tool));
    if (missing !== undefined)
      return `the case ${JSON.stringify(name)} names the tool ${missing}, which the assistant does not have (EXTENSIONS registers tools, and the prompt's "tools" chooses among them)`;
  }
  return undefined;
}
