import { QUALITIES } from './case.js';
import type { CaseReport, PromptReport, Report } from './report.js';
import type { Score } from './scores.js';
import { shownScore } from './table.js';

/** Returns what differs between two runs, as lines for the operator. */
export function differencesOf(before: Report, after: Report): string[] {
  const lines = [`Compared with the run of ${before.date}:`];
  for (const role of ['assistant', 'judge'] as const) {
    if (before[role].model !== after[role].model)
      lines.push(`  the ${role} is another model: ${before[role].model} then, ${after[role].model} now`);
  }
  if (before.samples !== after.samples)
    lines.push(`  samples of each case: ${before.samples} then, ${after.samples} now`);
  for (const label of namesIn(before.prompts, after.prompts)) {
    const [then, now] = [before.prompts[label], after.prompts[label]];
    if (then === undefined || now === undefined) lines.push(`  ${label}: only in the run ${then ? 'then' : 'now'}`);
    else lines.push(...promptDifferences(label, then, now));
  }
  if (lines.length === 1) lines.push('  no difference');
  return lines;
}

function promptDifferences(label: string, then: PromptReport, now: PromptReport): string[] {
  const lines = scoreDifferences(label, then.scores, now.scores);
  if (then.fingerprint !== now.fingerprint) lines.unshift(`  ${label}: the prompt has changed`);
  for (const name of namesIn(then.cases, now.cases)) {
    const [one, other] = [then.cases[name], now.cases[name]];
    const shown = `${label}, ${name}`;
    if (one === undefined || other === undefined) lines.push(`  ${shown}: only in the run ${one ? 'then' : 'now'}`);
    else lines.push(...scoreDifferences(shown, one.scores, other.scores));
  }
  return lines;
}

function scoreDifferences(shown: string, then: CaseReport['scores'], now: CaseReport['scores']): string[] {
  return QUALITIES.flatMap((quality) => {
    const [one, other] = [then[quality], now[quality]];
    if (one === undefined || other === undefined || one.mean === other.mean) return [];
    const word = other.mean > one.mean ? 'better' : 'worse';
    return [
      `  ${shown}: ${quality} ${word}${isApart(one, other) ? '' : ' (within the spread)'}, ${shownScore(one)} then, ${shownScore(other)} now`,
    ];
  });
}

/** Whether every sample of one run is better than every sample of the other. */
function isApart(one: Score, other: Score): boolean {
  return one.lowest > other.highest || other.lowest > one.highest;
}

function namesIn(then: object, now: object): string[] {
  return [...new Set([...Object.keys(then), ...Object.keys(now)])];
}
