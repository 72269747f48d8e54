import { writeFile } from 'node:fs/promises';
import {
  type Input,
  UsageError,
  defineCommand,
  isEntry,
  numberOption,
  runCommand,
} from '../src/process/command-line.js';
import type { Environment } from '../src/base/environment.js';
import { openProgress } from '../src/base/terminal.js';
import { BUILT_IN_DRAFTS } from '../src/prompts/built-in.js';
import { differencesOf } from './compare.js';
import { tryJudge } from './judge.js';
import { type Report, readReport, reportOf } from './report.js';
import { plannedRequests, runSuites } from './run.js';
import { ModelClient, ModelFault, lacksKey, readEndpoints } from './service.js';
import { type Suite, chooseSuites } from './suites.js';
import { tableOf } from './table.js';

const MAX_SAMPLES = 50;

const OPTIONS = {
  prompt: {
    type: 'string',
    multiple: true,
    value: 'name|file.json|number',
    about: `prompt to evaluate: built-in (${Object.keys(BUILT_IN_DRAFTS).join(', ')}), a file, or a number of ASSISTANTS_FILE; may be repeated (default: the prompts of ASSISTANT_PROMPT and ASSISTANTS_FILE, or all built-in ones if neither is set)`,
  },
  samples: { type: 'string', value: 'N', default: '3', about: 'how often each case is played' },
  'run-tools': {
    type: 'boolean',
    about:
      'runs the tools of EXTENSIONS for which a case has no result; without it the model is told that they failed, because a tool can change things',
  },
  require: { type: 'boolean', about: 'a missing key is an error (exit code 1), for CI' },
  check: { type: 'boolean', about: 'reads prompts and cases, says what would be played, and asks no model' },
  json: { type: 'boolean', about: 'prints the report as one JSON object and nothing else' },
  report: { type: 'string', value: 'file.json', about: 'writes the report to a file, too' },
  compare: { type: 'string', value: 'file.json', about: 'prints what differs from the report of an earlier run' },
} as const;

type Values = Input<typeof OPTIONS>['values'];

/** Where a run writes. */
interface Output {
  write: (line: string) => void;
  /** Called with the number of conversations that are done, and of all. */
  onDone?: (done: number, all: number) => void;
}

/**
 * Resolves with the exit code: 0 if the prompts pass, or nothing was evaluated because there is no key; 1 if they fail, the
 * models cannot be asked, or a key is required and missing.
 * @throws UsageError if prompts, cases, settings or options cannot be used
 */
export async function evaluate(values: Values, env: Environment, output: Output): Promise<0 | 1> {
  const samples = numberOption('samples', values.samples, { least: 1, most: MAX_SAMPLES, whole: true });
  const before = values.compare === undefined ? undefined : await readReport(values.compare);
  const endpoints = readEndpoints(env);
  const suites = await chooseSuites(values.prompt, env, process.cwd());
  const { json } = values;
  const nothing = (why: string): void =>
    output.write(json ? JSON.stringify({ passed: null, why, prompts: {} }) : `Nothing was evaluated: ${why}`);
  if (values.check) {
    if (json) nothing('--check asks no model.');
    else output.write(planOf(suites, samples));
    return 0;
  }
  const keyless = Object.values(endpoints).find(lacksKey);
  if (keyless !== undefined) {
    nothing(`${keyless.variables.apiKey} is not set, and without it the ${keyless.role} cannot be asked.`);
    return values.require ? 1 : 0;
  }
  const models = { assistant: new ModelClient(endpoints.assistant), judge: new ModelClient(endpoints.judge) };
  try {
    await tryJudge(models.judge);
  } catch (error) {
    if (!(error instanceof ModelFault)) throw error;
    nothing(error.message);
    return 1;
  }
  const { onDone } = output;
  const results = await runSuites(suites, {
    models,
    samples,
    runTools: values['run-tools'],
    ...(onDone === undefined ? {} : { onDone }),
  });
  const report = reportOf(results, { date: new Date(), models, samples });
  if (values.report !== undefined) await writeReport(values.report, report);
  if (json) output.write(JSON.stringify(report));
  else {
    output.write(tableOf(report));
    if (before !== undefined) output.write(['', ...differencesOf(before, report)].join('\n'));
    output.write(summaryOf(report, suites));
  }
  return report.passed ? 0 : 1;
}

function planOf(suites: readonly Suite[], samples: number): string {
  const requests = plannedRequests(suites, samples);
  return [
    ...suites.map(({ cases, label, leftOut, prompt, tools }) => {
      const without = leftOut.length === 0 ? '' : `, without ${leftOut.map((name) => JSON.stringify(name)).join(', ')}`;
      const withTools = tools.length === 0 ? '' : `, tools ${tools.map(({ name }) => name).join(', ')}`;
      return `${label} (${prompt.language}): ${cases.length} cases${without}${withTools}`;
    }),
    `${samples === 1 ? 'One sample' : `${samples} samples`} of each: ${requests.assistant} requests to the assistant's model and ${requests.judge} to the judge, and one more for each call of a tool.`,
  ].join('\n');
}

function summaryOf({ assistant, judge, passed, prompts, samples }: Report, suites: readonly Suite[]): string {
  const tokens = assistant.input_tokens + assistant.output_tokens + judge.input_tokens + judge.output_tokens;
  const failed = Object.entries(prompts).flatMap(([label, prompt]) => (prompt.passed ? [] : [label]));
  const unsafe = Object.entries(prompts).flatMap(([label, { scores }]) => (scores.safe === undefined ? [label] : []));
  const left = suites.filter(({ leftOut }) => leftOut.length > 0);
  return [
    '',
    `${samples === 1 ? 'One sample' : `${samples} samples`} of each case, ${assistant.requests} requests to ${assistant.model} and ${judge.requests} to the judge ${judge.model}${tokens === 0 ? '' : `, ${tokens} tokens`}.`,
    ...left.map(({ label, leftOut }) => `${label}: left out: ${leftOut.join(', ')}.`),
    ...unsafe.map((label) => `${label}: no case looked at safety.`),
    passed ? 'All qualities reach their thresholds.' : `Not good enough: ${failed.join(', ')}.`,
  ].join('\n');
}

async function writeReport(path: string, report: Report): Promise<void> {
  try {
    await writeFile(path, `${JSON.stringify(report, undefined, 2)}\n`);
  } catch (error) {
    throw new UsageError(`--report ${path} cannot be written: ${(error as Error).message}`);
  }
}

export const command = defineCommand({
  name: 'evals',
  does: 'Has one text model play the assistant to scripted callers, and another one judge the conversations. It costs money at the service that runs the models.',
  options: OPTIONS,
  examples: [
    '',
    '--check',
    '--prompt ./my-prompt.json --report before.json',
    '--prompt ./my-prompt.json --compare before.json',
    'OPENAI_BASE_URL=http://127.0.0.1:11434/v1 EVALS_MODEL=qwen3 EVALS_JUDGE_MODEL=qwen3 --prompt sales',
  ],
  notes: `Variables of the environment:
  OPENAI_API_KEY        required for OpenAI; without it nothing is evaluated
  OPENAI_BASE_URL       any service with chat completions and tools (default https://api.openai.com/v1)
  EVALS_MODEL           plays the assistant (default gpt-5-mini)
  EVALS_JUDGE_MODEL     judges (default gpt-5-mini)
  EVALS_JUDGE_BASE_URL, EVALS_JUDGE_API_KEY
                        for a judge at another service (default: the assistant's)
  ASSISTANT_PROMPT, ASSISTANTS_FILE, EXTENSIONS
                        as for the gateway: the prompts that answer, and the tools they have

Cases of your own for my-prompt.json stand beside it in my-prompt.evals.json (docs/build/prompt-testing.md).

Exit code: 0 the prompts pass or there is no key, 1 they fail or the models cannot be asked, 2 the command line,
a prompt or a case cannot be used.`,
  run: async ({ values }) => {
    const progress = openProgress(process.stderr);
    return evaluate(values, process.env, {
      write: (line) => {
        progress.end();
        console.log(line);
      },
      onDone: (done, all) => progress.show(`${done} of ${all} conversations`),
    });
  },
});

if (isEntry(import.meta.url)) await runCommand(command);
