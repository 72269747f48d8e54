import { QUALITIES, type Quality } from './case.js';
import type { CaseReport, PromptReport, Report } from './report.js';
import type { Score } from './scores.js';

/** Returns a report as one table for each prompt, each followed by what was wrong. */
export function tableOf(report: Report): string {
  return Object.entries(report.prompts)
    .map(([label, prompt]) => [...table(label, prompt), ...complaints(label, prompt)].join('\n'))
    .join('\n\n');
}

/** Returns the average, with the spread over the samples if there is one: `83 % (50–100)`. */
export function shownScore({ highest, lowest, mean }: Score): string {
  const spread = lowest === highest ? '' : ` (${percent(lowest)}–${percent(highest)})`;
  return `${percent(mean)} %${spread}`;
}

function table(label: string, { cases, scores }: PromptReport): string[] {
  const qualities = QUALITIES.filter((quality) => scores[quality] !== undefined);
  const rows = [
    [label, ...qualities],
    ...Object.entries(cases).map(([name, one]) => [name, ...cells(one, qualities)]),
    ['all', ...qualities.map((quality) => shownOf(scores[quality]))],
    ['at least', ...qualities.map((quality) => atLeast(scores, quality))],
  ];
  const widths = ['', ...qualities].map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}

function cells({ samples, scores }: CaseReport, qualities: readonly Quality[]): string[] {
  const isPlayed = samples.some(({ fault }) => fault === null);
  return isPlayed ? qualities.map((quality) => shownOf(scores[quality])) : ['could not be played'];
}

function shownOf(score: Score | undefined): string {
  return score === undefined ? '' : shownScore(score);
}

function atLeast(scores: PromptReport['scores'], quality: Quality): string {
  const score = scores[quality];
  if (score === undefined) return '';
  return `${percent(score.at_least)} %${score.mean < score.at_least ? ' !' : ''}`;
}

/** Rounded down, so that nothing that is below its threshold looks as if it reached it. */
function percent(share: number): number {
  return Math.floor(Math.round(share * 1e6) / 1e4);
}

function complaints(label: string, { cases }: PromptReport): string[] {
  return Object.entries(cases).flatMap(([name, { samples }]) => {
    const bad = samples.map(wrongIn).filter((lines) => lines.length > 0);
    const all = bad.flat();
    const times = (line: string): number => all.filter((other) => other === line).length;
    const lines = [...new Set(all)].map((line) => (times(line) === 1 ? line : `${line} (${times(line)} times)`));
    const often = samples.length === 1 ? '' : `, in ${bad.length} of ${samples.length} samples`;
    return lines.length === 0 ? [] : ['', `${label}, ${name}${often}:`, ...lines];
  });
}

function wrongIn({ fault, findings }: CaseReport['samples'][number]): string[] {
  return [
    ...(fault === null ? [] : [`  ${fault}`]),
    ...findings.filter(({ why }) => why !== '').map(({ quality, why }) => `  ${quality}: ${why}`),
  ];
}
