import type { CallRow } from '../../src/console/messages.js';

const BUCKET_MS = 10_000;
const BUCKETS = 60;
/** How far the charts reach back. */
export const WINDOW_MS = BUCKET_MS * BUCKETS;
/** Maximum number of turns that are kept. */
const MAX_TURNS = 2000;
/** Percentiles of fewer turns would say nothing. */
export const MIN_TURNS = 10;

/** What happened in ten seconds. `undefined`: not known here. */
export interface Bucket {
  startMs: number;
  /** The most calls at a time. */
  calls: number | undefined;
  /** Median of the turns' latencies, in milliseconds. */
  medianMs: number | undefined;
  escalations: number | undefined;
}

/**
 * Figures of the last ten minutes, collected by the page itself, because the gateway keeps none. All times in milliseconds
 * since the epoch.
 */
export class Figures {
  private turns: { atMs: number; ms: number }[] = [];
  private escalations: number[] = [];
  private readonly calls = new Map<number, number>();
  /** Since when the number of calls and the escalations are known. */
  private knownSinceMs = Number.POSITIVE_INFINITY;

  noteTurn(nowMs: number, ms: number): void {
    this.turns.push({ atMs: nowMs, ms });
    if (this.turns.length > MAX_TURNS) this.turns.shift();
  }

  noteEscalation(nowMs: number): void {
    this.escalations.push(nowMs);
  }

  noteCalls(nowMs: number, count: number): void {
    const bucket = bucketOf(nowMs);
    this.calls.set(bucket, Math.max(count, this.calls.get(bucket) ?? 0));
    this.knownSinceMs = Math.min(this.knownSinceMs, nowMs);
  }

  /**
   * Derives what was before the page was opened from the calls themselves. `maxRecent`: how many ended calls the gateway keeps;
   * if `recent` has as many, earlier ones are not known.
   */
  notePast(nowMs: number, live: readonly CallRow[], recent: readonly CallRow[], maxRecent: number): void {
    const ends = recent.map(({ endedAt }) => endedAt ?? nowMs);
    const fromMs = Math.max(nowMs - WINDOW_MS, recent.length < maxRecent ? 0 : Math.min(...ends));
    const all = [...live, ...recent];
    for (let bucket = bucketOf(fromMs); bucket <= bucketOf(nowMs); bucket++) {
      const [startMs, endMs] = [bucket * BUCKET_MS, (bucket + 1) * BUCKET_MS];
      const count = all.filter((call) => call.startedAt < endMs && (call.endedAt ?? nowMs) >= startMs).length;
      this.calls.set(bucket, Math.max(count, this.calls.get(bucket) ?? 0));
    }
    const past = all.flatMap(({ escalation, startedAt }) => (escalation === null ? [] : [startedAt + escalation.atMs]));
    this.escalations = past.filter((atMs) => atMs >= fromMs);
    this.knownSinceMs = Math.min(this.knownSinceMs, fromMs);
  }

  /** Returns the ten minutes until now, oldest first. */
  buckets(nowMs: number): Bucket[] {
    const last = bucketOf(nowMs);
    this.forgetBefore((last - BUCKETS) * BUCKET_MS);
    const turns = grouped(this.turns, ({ atMs }) => bucketOf(atMs));
    const escalations = grouped(this.escalations, bucketOf);
    let calls = this.calls.get(Math.max(...[...this.calls.keys()].filter((bucket) => bucket <= last - BUCKETS))) ?? 0;
    return Array.from({ length: BUCKETS }, (_none, at) => {
      const bucket = last - BUCKETS + 1 + at;
      const isKnown = (bucket + 1) * BUCKET_MS > this.knownSinceMs;
      return {
        startMs: bucket * BUCKET_MS,
        // While nothing changes nothing is told, and there are as many calls as before.
        calls: isKnown ? (calls = this.calls.get(bucket) ?? calls) : undefined,
        medianMs: percentile(
          (turns.get(bucket) ?? []).map(({ ms }) => ms),
          0.5,
        ),
        escalations: isKnown ? (escalations.get(bucket)?.length ?? 0) : undefined,
      };
    });
  }

  /** Returns how many turns there were in the ten minutes, and their percentiles if those are enough. */
  latency(): { turns: number; p50: number | undefined; p95: number | undefined } {
    const all = this.turns.map(({ ms }) => ms);
    const isEnough = all.length >= MIN_TURNS;
    return {
      turns: all.length,
      p50: isEnough ? percentile(all, 0.5) : undefined,
      p95: isEnough ? percentile(all, 0.95) : undefined,
    };
  }

  get escalationCount(): number {
    return this.escalations.length;
  }

  private forgetBefore(atMs: number): void {
    this.turns = this.turns.filter((turn) => turn.atMs >= atMs);
    this.escalations = this.escalations.filter((escalation) => escalation >= atMs);
    const old = [...this.calls.keys()].filter((bucket) => (bucket + 1) * BUCKET_MS <= atMs);
    // The latest of the old ones says how many calls there are at the begin of the charts.
    for (const bucket of old) if (bucket !== Math.max(...old)) this.calls.delete(bucket);
  }
}

/** Puts buckets of ten seconds together to minutes, for a table. */
export function minutesOf(buckets: readonly Bucket[]): Bucket[] {
  const minutes: Bucket[] = [];
  for (let at = 0; at < buckets.length; at += 6) {
    const six = buckets.slice(at, at + 6);
    minutes.push({
      startMs: six[0]?.startMs ?? 0,
      calls: highest(six.map(({ calls }) => calls)),
      medianMs: percentile(known(six.map(({ medianMs }) => medianMs)), 0.5),
      escalations: known(six.map(({ escalations }) => escalations)).reduce<number | undefined>(
        (sum, count) => (sum ?? 0) + count,
        undefined,
      ),
    });
  }
  return minutes;
}

/** Returns the value that `share` of `values` do not exceed (nearest rank). `undefined` if there is none. */
export function percentile(values: readonly number[], share: number): number | undefined {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
}

function highest(values: readonly (number | undefined)[]): number | undefined {
  const all = known(values);
  return all.length === 0 ? undefined : Math.max(...all);
}

function known(values: readonly (number | undefined)[]): number[] {
  return values.filter((value) => value !== undefined);
}

function bucketOf(atMs: number): number {
  return Math.floor(atMs / BUCKET_MS);
}

function grouped<Item>(items: readonly Item[], by: (item: Item) => number): Map<number, Item[]> {
  const groups = new Map<number, Item[]>();
  for (const item of items) {
    const group = groups.get(by(item));
    if (group === undefined) groups.set(by(item), [item]);
    else group.push(item);
  }
  return groups;
}
