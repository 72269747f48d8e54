import { type EvalCase, QUALITIES, type Quality } from './case.js';
import { type ModelService, converse, openClient } from './chat.js';
import { type Finding, checked } from './checks.js';
import { judged } from './judge.js';

// The run over all cases, and whether it passes.

/** The result of one case. */
export interface CaseResult {
  evalCase: EvalCase;
  findings: readonly Finding[];
  /** Why the models could not be asked, in which case there are no findings. */
  fault: string | undefined;
}

/** Minimum score of each quality, averaged over all cases. */
export const THRESHOLDS: Readonly<Record<Quality, number>> = {
  escalates: 1,
  honest: 0.9,
  brief: 0.9,
  language: 0.95,
  manner: 0.8,
};

const AT_ONCE = 4;

/** Plays and judges every case. If the service fails, that case has a fault and the others still run. */
export async function runCases(
  cases: readonly EvalCase[],
  service: ModelService,
  onResult: (result: CaseResult) => void = () => undefined,
): Promise<CaseResult[]> {
  const client = openClient(service);
  const results: CaseResult[] = [];
  const waiting = [...cases.entries()];
  const work = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const [index, evalCase] = next;
      const result = await runCase(evalCase, service, client);
      results[index] = result;
      onResult(result);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return results;
}

async function runCase(
  evalCase: EvalCase,
  { apiKey, judgeModel, model }: ModelService,
  client: ReturnType<typeof openClient>,
): Promise<CaseResult> {
  try {
    const conversation = await converse(client, model, evalCase.prompt, evalCase.caller);
    const findings = [
      ...checked(evalCase, conversation),
      ...(await judged(client, judgeModel, evalCase, conversation)),
    ];
    return { evalCase, findings, fault: undefined };
  } catch (error) {
    return { evalCase, findings: [], fault: faultOf(error, apiKey) };
  }
}

/** Returns the error message without the key, because a service may repeat the key it was given. */
function faultOf(error: unknown, apiKey: string): string {
  const message = error instanceof Error ? error.message : 'The model could not be asked.';
  return message.replaceAll(apiKey, '…');
}

/** Returns the average score of a quality. `undefined` if no finding is about it. */
export function scoreOf(results: readonly CaseResult[], quality: Quality): number | undefined {
  const scores = results.flatMap(({ findings }) => findings.filter((finding) => finding.quality === quality));
  if (scores.length === 0) return undefined;
  return scores.reduce((sum, { score }) => sum + score, 0) / scores.length;
}

/** Whether every quality reaches its threshold and every case was played. */
export function isPassed(results: readonly CaseResult[]): boolean {
  const reached = QUALITIES.every((quality) => (scoreOf(results, quality) ?? 1) >= THRESHOLDS[quality]);
  return reached && results.length > 0 && results.every(({ fault }) => fault === undefined);
}
