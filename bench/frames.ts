import { type Measurement, type ModelKind, measure } from './measure.js';
import type { Variant } from './measured-process.js';
import { type Spread, median } from './quantile.js';

const CALLS = [1, 50, 100, 200];
const VARIANTS: readonly Variant[] = ['relay', 'pipeline', 'direct'];
const ROUNDS = 3;
const SECONDS = 3;

export const HEADING =
  'mode      calls | inside the process, ms | with the way to it, ms | cpu ms   ratio   kB a call  arrived  load\n' +
  '                |   p50    p99   p99.9   |   p50    p99   p99.9   | per s          rss  alive            late ms';

/** One line of the table; `ratio`: CPU against the relay of the same round. */
export function row(result: Measurement, ratio?: number): string {
  const { handlingMs, onTheWayMs } = result;
  const number = (value: number | undefined, width: number, digits: number): string =>
    (value === undefined ? '' : value.toFixed(digits)).padStart(width);
  return [
    result.variant.padEnd(9),
    String(result.calls).padStart(5),
    ' |',
    number(handlingMs.p50, 6, 3),
    number(handlingMs.p99, 7, 3),
    number(handlingMs.p999, 7, 2),
    '  |',
    number(onTheWayMs.p50, 6, 2),
    number(onTheWayMs.p99, 7, 2),
    number(onTheWayMs.p999, 7, 1),
    '  |',
    number(result.cpuMsPerCallSecond, 6, 2),
    number(ratio, 7, 2),
    number(result.rssKbPerCall, 7, 0),
    number(result.objectKbPerCall, 6, 0),
    `${(result.arrived * 100).toFixed(1)}%`.padStart(9),
    number(result.loadLateMs, 7, 1),
  ].join('');
}

interface Rated {
  result: Measurement;
  ratio: number;
}

/** What a frame and a call cost, beside a bare relay in the same round; then the medians of the rounds. */
export async function frames(): Promise<void> {
  console.log(`A model over a socket that answers every four seconds; ${SECONDS} s a row, ${ROUNDS} rounds:`);
  console.log(HEADING);
  const rounds: Rated[] = [];
  for (const calls of CALLS) {
    for (let i = 0; i < ROUNDS; i++) rounds.push(...(await round(calls, 'replies')));
  }
  console.log('Medians of the rounds:');
  for (const calls of CALLS) {
    for (const variant of VARIANTS) {
      const own = rounds.filter(({ result }) => result.calls === calls && result.variant === variant);
      console.log(row(middle(own.map(({ result }) => result)), median(own.map(({ ratio }) => ratio))));
    }
  }
  console.log('\nAn echo of every frame inside the process, one socket a call, one round:');
  console.log(HEADING);
  await round(100, 'inside');
}

/** Every variant once, one after another, so that they meet the same conditions. */
async function round(calls: number, model: ModelKind): Promise<Rated[]> {
  const rated: Rated[] = [];
  let relayCpu = Number.NaN;
  for (const variant of VARIANTS) {
    const result = await measure({ variant, calls, seconds: SECONDS, model });
    if (variant === 'relay') relayCpu = result.cpuMsPerCallSecond;
    const ratio = result.cpuMsPerCallSecond / relayCpu;
    rated.push({ result, ratio });
    console.log(row(result, ratio));
  }
  return rated;
}

/** Each figure's median over several rounds of the same row. */
function middle(results: readonly Measurement[]): Measurement {
  const [first] = results;
  if (first === undefined) throw new Error('There was no round.');
  const of = (pick: (result: Measurement) => number | undefined): number =>
    median(results.map((result) => pick(result) ?? Number.NaN));
  const spread = (pick: (result: Measurement) => Spread): Spread => ({
    p50: of((result) => pick(result).p50),
    p95: of((result) => pick(result).p95),
    p99: of((result) => pick(result).p99),
    p999: of((result) => pick(result).p999),
  });
  const hasMemory = first.rssKbPerCall !== undefined;
  return {
    variant: first.variant,
    calls: first.calls,
    handlingMs: spread((result) => result.handlingMs),
    onTheWayMs: spread((result) => result.onTheWayMs),
    cpuMsPerCallSecond: of((result) => result.cpuMsPerCallSecond),
    rssKbPerCall: hasMemory ? of((result) => result.rssKbPerCall) : undefined,
    objectKbPerCall: hasMemory ? of((result) => result.objectKbPerCall) : undefined,
    arrived: of((result) => result.arrived),
    loadLateMs: of((result) => result.loadLateMs),
  };
}
