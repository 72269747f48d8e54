/** Returns the value below which `share` of the samples lie (nearest rank), in any order. NaN without samples. */
export function quantile(samples: ArrayLike<number>, share: number): number {
  const sorted = Float64Array.from(samples).sort();
  const rank = Math.max(1, Math.ceil(sorted.length * share));
  return sorted[rank - 1] ?? Number.NaN;
}

export function median(samples: ArrayLike<number>): number {
  return quantile(samples, 0.5);
}

export interface Spread {
  p50: number;
  p95: number;
  p99: number;
  p999: number;
}

export function spreadOf(samples: ArrayLike<number>): Spread {
  return {
    p50: quantile(samples, 0.5),
    p95: quantile(samples, 0.95),
    p99: quantile(samples, 0.99),
    p999: quantile(samples, 0.999),
  };
}
