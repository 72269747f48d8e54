import { createHash } from 'node:crypto';
import { z } from 'zod';
import { readJsonFile } from '../src/base/json-file.js';
import { UsageError } from '../src/process/command-line.js';
import { QUALITIES } from './case.js';
import type { SuiteResult } from './run.js';
import { type Score, isPassed, scoreOf } from './scores.js';
import type { ModelClient, Role } from './service.js';

// The report of a run, in a form that a later run can be compared with.

const VERSION = 1;

const score = z.object({ mean: z.number(), lowest: z.number(), highest: z.number() });
const quality = z.enum(QUALITIES);
const model = z.object({
  model: z.string(),
  service: z.string(),
  requests: z.number(),
  input_tokens: z.number(),
  output_tokens: z.number(),
});

const caseReport = z.object({
  scores: z.partialRecord(quality, score),
  samples: z.array(
    z.object({
      /** Why it could not be played. */
      fault: z.string().nullable(),
      ended_by: z.string().nullable(),
      transcript: z.array(z.string()),
      findings: z.array(z.object({ quality, score: z.number(), why: z.string() })),
    }),
  ),
});

const promptReport = z.object({
  passed: z.boolean(),
  language: z.string(),
  /** Changes with the prompt: instructions, greeting, languages and tools. */
  fingerprint: z.string(),
  left_out: z.array(z.string()),
  scores: z.partialRecord(quality, score.extend({ at_least: z.number() })),
  cases: z.record(z.string(), caseReport),
});

const reportSchema = z.object({
  version: z.literal(VERSION, { error: `expected ${VERSION}; the report is from another version of npm run evals` }),
  passed: z.boolean(),
  date: z.string(),
  samples: z.number(),
  assistant: model,
  judge: model,
  prompts: z.record(z.string(), promptReport),
});

export type Report = z.output<typeof reportSchema>;
export type PromptReport = z.output<typeof promptReport>;
export type CaseReport = z.output<typeof caseReport>;

/** Returns everything about a run. Objects are keyed by name, so that two reports can be compared line by line. */
export function reportOf(
  results: readonly SuiteResult[],
  { date, models, samples }: { date: Date; models: Readonly<Record<Role, ModelClient>>; samples: number },
): Report {
  const prompts = results.map((result): [string, PromptReport] => [result.suite.label, promptReportOf(result)]);
  return {
    version: VERSION,
    passed: prompts.length > 0 && prompts.every(([, { passed }]) => passed),
    date: date.toISOString(),
    samples,
    assistant: modelReport(models.assistant),
    judge: modelReport(models.judge),
    prompts: Object.fromEntries(prompts),
  };
}

function promptReportOf({ cases, suite }: SuiteResult): PromptReport {
  const { greeting, instructions, language, languages, tools } = suite.prompt;
  const told = JSON.stringify([instructions, greeting, language, languages, tools ?? null]);
  return {
    passed: isPassed(cases, suite.thresholds),
    language,
    fingerprint: createHash('sha256').update(told).digest('hex').slice(0, 12),
    left_out: [...suite.leftOut],
    scores: scoresOf((name) => {
      const found = scoreOf(cases, name);
      return found === undefined ? undefined : { ...found, at_least: suite.thresholds[name] };
    }),
    cases: Object.fromEntries(
      cases.map(({ evalCase, samples }): [string, CaseReport] => [
        evalCase.name,
        {
          scores: scoresOf((name) => scoreOf([{ evalCase, samples }], name)),
          samples: samples.map(({ conversation, fault, findings }) => ({
            fault: fault ?? null,
            ended_by: conversation?.endedBy ?? null,
            transcript: [...(conversation?.transcript ?? [])],
            findings: [...findings],
          })),
        },
      ]),
    ),
  };
}

function scoresOf<One extends Score>(of: (quality: (typeof QUALITIES)[number]) => One | undefined) {
  const scores: Partial<Record<(typeof QUALITIES)[number], One>> = {};
  for (const name of QUALITIES) {
    const found = of(name);
    if (found !== undefined) scores[name] = found;
  }
  return scores;
}

function modelReport({ endpoint, usage }: ModelClient): Report['assistant'] {
  return {
    model: endpoint.model,
    service: new URL(endpoint.baseUrl).host,
    requests: usage.requests,
    input_tokens: usage.inputTokens,
    output_tokens: usage.outputTokens,
  };
}

/** Reads the report of an earlier run. @throws UsageError */
export async function readReport(path: string): Promise<Report> {
  const report = await readJsonFile(path, reportSchema);
  if (typeof report === 'string') throw new UsageError(`The report ${path} cannot be used: ${report}.`);
  return report;
}
