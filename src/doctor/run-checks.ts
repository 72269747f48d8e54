import { isTandemError } from '../base/errors.js';
import type { Clock } from '../base/clock.js';
import type { Check, CheckContext } from './check.js';
import { type Finding, fault } from './finding.js';

/** A finding with the service it is about. */
export interface NamedFinding extends Finding {
  service: string;
}

export interface Limits {
  /** Maximum time of one check. */
  eachMs: number;
  /** Maximum time of all of them. */
  allMs: number;
}

/**
 * Runs the checks side by side and calls `report` with each finding, in the order of the checks, as soon as it and those
 * before it are known. A check that throws, or does not answer in time, is a fault and holds up no other.
 */
export async function runChecks(
  checks: readonly Check[],
  context: Omit<CheckContext, 'signal'>,
  limits: Limits,
  report: (finding: NamedFinding) => void,
): Promise<NamedFinding[]> {
  const untilMs = context.clock.now() + limits.allMs;
  const running = checks
    .filter(({ applies }) => applies?.(context.config) !== false)
    .map(async (check) => {
      const limitMs = Math.min(limits.eachMs, untilMs - context.clock.now());
      const found = await answered(check, context, limitMs);
      return found.map((finding) => ({ service: check.name, ...finding }));
    });
  const all: NamedFinding[] = [];
  for (const one of running) {
    for (const finding of await one) {
      report(finding);
      all.push(finding);
    }
  }
  return all;
}

async function answered(check: Check, context: Omit<CheckContext, 'signal'>, limitMs: number): Promise<Finding[]> {
  const abort = new AbortController();
  try {
    return await inTime(context.clock, limitMs, abort, async () => check.run({ ...context, signal: abort.signal }));
  } catch (error) {
    if (isTandemError(error)) return [fault('settings', error.message)];
    const kind = error instanceof Error ? error.name : typeof error;
    return [fault('check-failed', `This check failed unexpectedly (${kind}). Please report it as a bug.`)];
  }
}

/** Aborts what `run` started when the time is over, and does not wait for it. */
function inTime(
  clock: Clock,
  limitMs: number,
  abort: AbortController,
  run: () => Promise<Finding[]>,
): Promise<Finding[]> {
  return new Promise((resolve, reject) => {
    const timer = clock.setTimer(limitMs, () => {
      abort.abort();
      const seconds = Math.round(limitMs / 1000);
      resolve([
        fault(
          'no-answer',
          `No answer within ${seconds} s. A call would not wait that long; see whether it is reachable.`,
        ),
      ]);
    });
    run()
      .then(resolve, reject)
      .finally(() => timer.cancel());
  });
}
