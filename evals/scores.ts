import { QUALITIES, type Quality, type Thresholds } from './case.js';
import type { CaseResult, SampleResult } from './run.js';

// What many findings amount to, and whether that is enough.

/** The average of all findings, and the averages of the worst and the best sample. */
export interface Score {
  mean: number;
  lowest: number;
  highest: number;
}

/** Returns the score of a quality over cases that were sampled alike. `undefined` if no finding is about it. */
export function scoreOf(results: readonly CaseResult[], quality: Quality): Score | undefined {
  const count = Math.max(0, ...results.map(({ samples }) => samples.length));
  const bySample = Array.from({ length: count }, (_, at) =>
    meanOf(
      results.flatMap(({ samples }) => samples[at] ?? []),
      quality,
    ),
  ).filter((mean) => mean !== undefined);
  const mean = meanOf(
    results.flatMap(({ samples }) => samples),
    quality,
  );
  if (mean === undefined) return undefined;
  return { mean, lowest: Math.min(...bySample), highest: Math.max(...bySample) };
}

function meanOf(samples: readonly SampleResult[], quality: Quality): number | undefined {
  const scores = samples.flatMap(({ findings }) => findings.filter((finding) => finding.quality === quality));
  if (scores.length === 0) return undefined;
  return scores.reduce((sum, { score }) => sum + score, 0) / scores.length;
}

/** Returns the qualities that stay below their threshold. */
export function belowThreshold(results: readonly CaseResult[], thresholds: Thresholds): Quality[] {
  return QUALITIES.filter((quality) => (scoreOf(results, quality)?.mean ?? 1) < thresholds[quality]);
}

/** Whether every quality reaches its threshold and every case was played each time. */
export function isPassed(results: readonly CaseResult[], thresholds: Thresholds): boolean {
  const isPlayed = results.every(({ samples }) => samples.every(({ fault }) => fault === undefined));
  return results.length > 0 && isPlayed && belowThreshold(results, thresholds).length === 0;
}
