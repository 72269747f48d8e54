import { QUALITIES } from './case.js';
import { type CaseResult, THRESHOLDS, scoreOf } from './run.js';

/** Returns all results as a table for a terminal, followed by what was wrong. */
export function tableOf(results: readonly CaseResult[]): string {
  const percent = (score: number | undefined): string => (score === undefined ? '' : `${Math.round(score * 100)} %`);
  const rows = [
    ['prompt', 'case', ...QUALITIES],
    ...results.map((result) => {
      const { evalCase, fault } = result;
      const scores = QUALITIES.map((quality) => percent(scoreOf([result], quality)));
      return [evalCase.prompt.name, evalCase.name, ...(fault === undefined ? scores : ['could not be played'])];
    }),
    ['all', '', ...QUALITIES.map((quality) => percent(scoreOf(results, quality)))],
    ['at least', '', ...QUALITIES.map((quality) => percent(THRESHOLDS[quality]))],
  ];
  const widths = [0, 1, ...QUALITIES.map((_, index) => index + 2)].map((column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  );
  const lines = rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  return [...lines, ...results.flatMap(complaints)].join('\n');
}

/** The same for a script: all scores with their thresholds, and every finding of every case. */
export function jsonOf(results: readonly CaseResult[]): object {
  const scores = QUALITIES.map((quality) => [
    quality,
    { score: scoreOf(results, quality) ?? null, at_least: THRESHOLDS[quality] },
  ]);
  return {
    qualities: Object.fromEntries(scores) as object,
    cases: results.map(({ evalCase, fault, findings }) => ({
      prompt: evalCase.prompt.name,
      case: evalCase.name,
      fault: fault ?? null,
      findings,
    })),
  };
}

function complaints({ evalCase, fault, findings }: CaseResult): string[] {
  const wrong = findings.filter(({ why }) => why !== '').map(({ quality, why }) => `  ${quality}: ${why}`);
  if (fault !== undefined) wrong.push(`  ${fault}`);
  return wrong.length === 0 ? [] : ['', `${evalCase.prompt.name}, ${evalCase.name}:`, ...wrong];
}
