import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { completed } from '../src/prompts/draft.js';
import { findDraft } from '../src/prompts/find-draft.js';
import { useDotEnv } from '../src/process/dot-env.js';
import type { EvalCase } from './case.js';
import { commonCases } from './cases/common.js';
import { defaultCases } from './cases/default.js';
import { salesCases } from './cases/sales.js';
import { technicalCases } from './cases/technical.js';
import { isPassed, runCases } from './run.js';
import { tableOf } from './table.js';

const USAGE = `npm run evals -- [--prompt default|technical|sales|file.json]

Has one text model play the assistant to scripted callers, and another one judge the conversations.
  --prompt             built-in prompt or file to evaluate (default: all built-in prompts)
  OPENAI_API_KEY       required
  OPENAI_BASE_URL      any endpoint with chat completions (default: OpenAI)
  EVALS_MODEL          plays the assistant (default: gpt-5-mini)
  EVALS_JUDGE_MODEL    judges (default: gpt-5-mini)`;

export const BUILT_IN_CASES: Readonly<Record<string, readonly EvalCase[]>> = {
  default: defaultCases,
  technical: technicalCases,
  sales: salesCases,
};

/** Resolves with the exit code: 0 if the prompts pass or there is no key, 1 if they fail, 2 if `args` are wrong. */
export async function evaluate(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  write: (line: string) => void,
): Promise<0 | 1 | 2> {
  const chosen = await chooseCases(args);
  if (typeof chosen === 'string') {
    write(chosen);
    return 2;
  }
  // As in the gateway's configuration, an empty value counts as unset.
  const value = (name: string): string | undefined => env[name]?.trim() || undefined;
  const apiKey = value('OPENAI_API_KEY');
  if (apiKey === undefined) {
    write('Nothing was evaluated: OPENAI_API_KEY is not set, and without it no model can be asked.');
    return 0;
  }
  const service = {
    apiKey,
    baseUrl: value('OPENAI_BASE_URL') ?? 'https://api.openai.com/v1',
    model: value('EVALS_MODEL') ?? 'gpt-5-mini',
    judgeModel: value('EVALS_JUDGE_MODEL') ?? 'gpt-5-mini',
  };
  const results = await runCases(chosen, service);
  write(tableOf(results));
  const passed = isPassed(results);
  write(passed ? '\nAll qualities reach their thresholds.' : '\nNot good enough.');
  return passed ? 0 : 1;
}

/** Resolves with the cases that `args` choose, or with an error message for the operator. */
async function chooseCases(args: readonly string[]): Promise<readonly EvalCase[] | string> {
  const options = readOptions(args);
  if (options === undefined) return USAGE;
  const { prompt } = options;
  if (prompt === undefined) return Object.values(BUILT_IN_CASES).flat();
  if (Object.hasOwn(BUILT_IN_CASES, prompt)) return BUILT_IN_CASES[prompt] ?? [];
  const draft = await findDraft(prompt, process.cwd());
  const own = typeof draft === 'string' ? draft : completed(draft);
  if (typeof own === 'string') return `--prompt is ${prompt}, but ${own}.`;
  const cases = commonCases(own);
  return cases.length > 0 ? cases : `--prompt is ${prompt}, in a language that no case has words in.`;
}

function readOptions(args: readonly string[]): { prompt?: string | undefined } | undefined {
  try {
    return parseArgs({ args: [...args], options: { prompt: { type: 'string' } } }).values;
  } catch {
    return undefined;
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  useDotEnv(process.env);
  process.exitCode = await evaluate(process.argv.slice(2), process.env, (line) => console.log(line));
}
