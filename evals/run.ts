import type { EvalCase } from './case.js';
import { type Conversation, converse } from './chat.js';
import { type Finding, checked } from './checks.js';
import { judged } from './judge.js';
import { offerTools } from './offered-tools.js';
import { type ModelClient, ModelFault, type Role } from './service.js';
import type { Suite } from './suites.js';

// The run over all cases.

/** One conversation of a case, and what was found in it. */
export interface SampleResult {
  conversation: Conversation | undefined;
  findings: readonly Finding[];
  /** Why the models could not be asked, in which case there are no findings. */
  fault: string | undefined;
}

/** One case, played several times. */
export interface CaseResult {
  evalCase: EvalCase;
  samples: readonly SampleResult[];
}

export interface SuiteResult {
  suite: Suite;
  cases: readonly CaseResult[];
}

export interface RunOptions {
  models: Readonly<Record<Role, ModelClient>>;
  /** How often each case is played. */
  samples: number;
  /** Whether tools without a given result are run. */
  runTools: boolean;
  /** Called with the number of conversations that are done, and of all. */
  onDone?: (done: number, all: number) => void;
}

/** How many conversations are played at the same time. */
const AT_ONCE = 4;

/** Plays and judges every case. If the service fails, that conversation has a fault and the others still run. */
export async function runSuites(suites: readonly Suite[], options: RunOptions): Promise<SuiteResult[]> {
  const { onDone = () => undefined, samples } = options;
  const results = suites.map((suite) => ({
    suite,
    cases: suite.cases.map((evalCase) => ({ evalCase, samples: [] as SampleResult[] })),
  }));
  const waiting = results.flatMap(({ cases, suite }) =>
    cases.flatMap((result) => Array.from({ length: samples }, (_, at) => ({ suite, result, at }))),
  );
  const all = waiting.length;
  let done = 0;
  const work = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const { at, result, suite } = next;
      result.samples[at] = await runSample(suite, result.evalCase, options);
      onDone(++done, all);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return results;
}

async function runSample(
  { prompt, tools }: Suite,
  evalCase: EvalCase,
  { models, runTools }: RunOptions,
): Promise<SampleResult> {
  try {
    const offered = offerTools(tools, evalCase.toolResults ?? {}, runTools);
    const conversation = await converse(models.assistant, prompt, evalCase.caller, offered);
    const findings = [
      ...checked(prompt, evalCase, conversation),
      ...(await judged(models.judge, prompt, evalCase, conversation)),
    ];
    return { conversation, findings, fault: undefined };
  } catch (error) {
    if (!(error instanceof ModelFault)) throw error;
    return { conversation: undefined, findings: [], fault: error.message };
  }
}

/** How many requests the two models get if no tool is called and every caller says everything. */
export function plannedRequests(suites: readonly Suite[], samples: number): Readonly<Record<Role, number>> {
  const cases = suites.flatMap((suite) => suite.cases);
  return {
    assistant: samples * cases.reduce((sum, { caller }) => sum + caller.length, 0),
    // One more to try the judge.
    judge: 1 + samples * cases.reduce((sum, one) => sum + one.judged.length, 0),
  };
}
