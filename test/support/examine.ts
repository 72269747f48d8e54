import assert from 'node:assert/strict';
import { CHECKS } from '../../src/doctor/checks.js';
import { type DiagnoseOptions, diagnose, lineOf } from '../../src/doctor.js';
import type { FindingId } from '../../src/doctor/finding.js';
import type { NamedFinding } from '../../src/doctor/run-checks.js';
import { LeakWatch } from './leaks.js';

/** What the doctor said. */
export interface Examined {
  code: 0 | 1;
  findings: readonly NamedFinding[];
  lines: readonly string[];
  /** The finding with this id. Fails if there is none, or more than one. */
  only: (id: FindingId) => NamedFinding;
}

/** For tests of the doctor: runs its checks of `services` with these settings, and looks for secrets in the report. */
export async function examine(
  env: Readonly<Record<string, string>>,
  services: readonly string[] | undefined,
  options: Partial<DiagnoseOptions> = {},
): Promise<Examined> {
  const findings: NamedFinding[] = [];
  const { code } = await diagnose({
    env,
    report: (finding) => findings.push(finding),
    ...(services === undefined ? {} : { checks: CHECKS.filter(({ name }) => services.includes(name)) }),
    ...options,
  });
  const lines = findings.map((finding) => lineOf(finding));
  const leaks = new LeakWatch();
  leaks.settings(env);
  leaks.wrote('the report', `${lines.join('\n')}\n${JSON.stringify(findings)}`);
  leaks.check();
  return {
    code,
    findings,
    lines,
    only: (id) => {
      const [found, ...more] = findings.filter((finding) => finding.id === id);
      assert.ok(found !== undefined && more.length === 0, `${id} is not there once:\n${lines.join('\n')}`);
      return found;
    },
  };
}

/** The findings as `result id`, for a comparison with what a test expects. */
export function idsOf(findings: readonly { result: string; id: string }[]): string[] {
  return findings.map(({ id, result }) => `${result} ${id}`);
}
