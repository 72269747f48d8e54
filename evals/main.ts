import { type Input, UsageError, defineCommand, isEntry, runCommand } from '../src/base/command-line.js';
import { openProgress } from '../src/base/terminal.js';
import { completed } from '../src/prompts/draft.js';
import { findDraft } from '../src/prompts/find-draft.js';
import { useDotEnv } from '../src/process/dot-env.js';
import type { EvalCase } from './case.js';
import { commonCases } from './cases/common.js';
import { defaultCases } from './cases/default.js';
import { salesCases } from './cases/sales.js';
import { technicalCases } from './cases/technical.js';
import { isPassed, runCases } from './run.js';
import { jsonOf, tableOf } from './table.js';

export const BUILT_IN_CASES: Readonly<Record<string, readonly EvalCase[]>> = {
  default: defaultCases,
  technical: technicalCases,
  sales: salesCases,
};

const OPTIONS = {
  prompt: {
    type: 'string',
    value: 'name|file.json',
    about: `built-in prompt (${Object.keys(BUILT_IN_CASES).join(', ')}) or file to evaluate (default: all built-in prompts)`,
  },
  json: { type: 'boolean', about: 'prints one JSON object with all findings and nothing else' },
} as const;

/**
 * Resolves with the exit code: 0 if the prompts pass or there is no key, 1 if they fail. `onDone` is called with the number of
 * cases that have a result, and of all.
 * @throws UsageError if the prompt cannot be evaluated
 */
export async function evaluate(
  { json, prompt }: Input<typeof OPTIONS>['values'],
  env: Readonly<Record<string, string | undefined>>,
  write: (line: string) => void,
  onDone: (done: number, all: number) => void = () => undefined,
): Promise<0 | 1> {
  const chosen = await chooseCases(prompt);
  // As in the gateway's configuration, an empty value counts as unset.
  const value = (name: string): string | undefined => env[name]?.trim() || undefined;
  const apiKey = value('OPENAI_API_KEY');
  if (apiKey === undefined) {
    const why = 'Nothing was evaluated: OPENAI_API_KEY is not set, and without it no model can be asked.';
    write(json ? JSON.stringify({ passed: null, why, cases: [] }) : why);
    return 0;
  }
  const service = {
    apiKey,
    baseUrl: value('OPENAI_BASE_URL') ?? 'https://api.openai.com/v1',
    model: value('EVALS_MODEL') ?? 'gpt-5-mini',
    judgeModel: value('EVALS_JUDGE_MODEL') ?? 'gpt-5-mini',
  };
  let done = 0;
  const results = await runCases(chosen, service, () => onDone(++done, chosen.length));
  const passed = isPassed(results);
  if (json) write(JSON.stringify({ passed, ...jsonOf(results) }));
  else {
    write(tableOf(results));
    write(passed ? '\nAll qualities reach their thresholds.' : '\nNot good enough.');
  }
  return passed ? 0 : 1;
}

/** @throws UsageError */
async function chooseCases(prompt: string | undefined): Promise<readonly EvalCase[]> {
  if (prompt === undefined) return Object.values(BUILT_IN_CASES).flat();
  if (Object.hasOwn(BUILT_IN_CASES, prompt)) return BUILT_IN_CASES[prompt] ?? [];
  const draft = await findDraft(prompt, process.cwd());
  const own = typeof draft === 'string' ? draft : completed(draft);
  if (typeof own === 'string') throw new UsageError(`--prompt is ${prompt}, but ${own}.`);
  const cases = commonCases(own);
  if (cases.length === 0) throw new UsageError(`--prompt is ${prompt}, in a language that no case has words in.`);
  return cases;
}

export const command = defineCommand({
  name: 'evals',
  does: 'Has one text model play the assistant to scripted callers, and another one judge the conversations. It costs money at the service that runs the models.',
  options: OPTIONS,
  examples: ['', '--prompt sales', '--prompt ./my-prompt.json --json'],
  notes: `Variables of the environment:
  OPENAI_API_KEY       required; without it nothing is evaluated
  OPENAI_BASE_URL      any endpoint with chat completions (default https://api.openai.com/v1)
  EVALS_MODEL          plays the assistant (default gpt-5-mini)
  EVALS_JUDGE_MODEL    judges (default gpt-5-mini)

Exit code: 0 the prompts pass or there is no key, 1 they fail, 2 the command line is wrong.`,
  run: async ({ values }) => {
    useDotEnv(process.env);
    const progress = openProgress(process.stderr);
    const onDone = (done: number, all: number): void => progress.show(`${done} of ${all} cases`);
    return evaluate(
      values,
      process.env,
      (line) => {
        progress.end();
        console.log(line);
      },
      onDone,
    );
  },
});

if (isEntry(import.meta.url)) await runCommand(command);
