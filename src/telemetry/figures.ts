import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks';
import type { Metrics } from './metrics.js';

/** What one process reports to CloudWatch. Counts are those since its start. */
export interface Figures {
  /** Tells one run of a process from the next, whose counts begin at 0 again. */
  run: string;
  activeSessions: number;
  callsEnded: number;
  callsRefused: number;
  handoversStarted: number;
  handoversFailed: number;
  connectionFailures: number;
  /** Upper bounds of the buckets in milliseconds, and the turns in each. The last bucket has no bound. */
  turnBoundsMs: readonly number[];
  turns: readonly number[];
  turnsSumMs: number;
  /** The worst since the last reading. */
  loopLagMs: number;
  isJournalDown: boolean;
}

/** Calls that have not ended here, or that were never taken. */
const NO_END: ReadonlySet<unknown> = new Set(['moved', 'refused_busy']);
/** Dials that have not failed. */
const NOT_FAILED: ReadonlySet<unknown> = new Set(['bridged', 'caller_gone']);
const RESOLUTION_MS = 20;

/** Reads the figures of one process. It measures the event loop itself, because each reading of /metrics resets the other measure. */
export class ProcessFigures {
  private readonly metrics: Metrics;
  private readonly run: string;
  private readonly lag: IntervalHistogram;

  /** `run`: see {@link Figures.run}. */
  constructor(metrics: Metrics, run: string) {
    this.metrics = metrics;
    this.run = run;
    this.lag = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
    this.lag.enable();
  }

  async read(): Promise<Figures> {
    const { metrics, run } = this;
    const [sessions, refused, escalations, handovers, failures, active, journal, latency] = await Promise.all([
      metrics.sessions.get(),
      metrics.refusedCalls.get(),
      metrics.escalations.get(),
      metrics.handovers.get(),
      metrics.connectionFailures.get(),
      metrics.activeSessions.get(),
      metrics.journalUp.get(),
      metrics.turnLatency.get(),
    ]);
    return {
      run,
      activeSessions: total(active.values),
      callsEnded: total(sessions.values.filter(({ labels }) => !NO_END.has(labels.outcome))),
      callsRefused: total(refused.values),
      handoversStarted: total(escalations.values),
      handoversFailed: total(handovers.values.filter(({ labels }) => !NOT_FAILED.has(labels.outcome))),
      connectionFailures: total(failures.values),
      ...turnsIn(latency.values),
      loopLagMs: this.takeLagMs(),
      isJournalDown: journal.values.some(({ value }) => value === 0),
    };
  }

  close(): void {
    this.lag.disable();
  }

  private takeLagMs(): number {
    const worstMs = this.lag.max / 1e6 - RESOLUTION_MS;
    this.lag.reset();
    return Math.max(0, Math.round(worstMs));
  }
}

function total(values: readonly { value: number }[]): number {
  return values.reduce((sum, { value }) => sum + value, 0);
}

/** Adds up the histograms of all providers. Buckets of Prometheus count what is in the smaller ones, too. */
function turnsIn(
  values: readonly { labels: Partial<Record<string, string | number>>; metricName?: string; value: number }[],
): Pick<Figures, 'turnBoundsMs' | 'turns' | 'turnsSumMs'> {
  const upTo = new Map<number, number>();
  let sum = 0;
  for (const { labels, metricName = '', value } of values) {
    if (metricName.endsWith('_sum')) sum += value;
    if (!metricName.endsWith('_bucket')) continue;
    const bound = labels['le'] === '+Inf' ? Infinity : Number(labels['le']);
    upTo.set(bound, (upTo.get(bound) ?? 0) + value);
  }
  const bounds = [...upTo.keys()].sort((a, b) => a - b);
  const counts = bounds.map((bound) => upTo.get(bound) ?? 0);
  return {
    turnBoundsMs: bounds.filter((bound) => bound !== Infinity).map((bound) => bound * 1000),
    turns: counts.map((count, index) => count - (counts[index - 1] ?? 0)),
    turnsSumMs: sum * 1000,
  };
}
