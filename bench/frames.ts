import { leaveLastCore } from './support/cores.js';
import type { Variant } from './measured-process.js';
import { type Spread, median } from './support/quantile.js';
import { type Measurement, type MemoryPerCall, type ModelKind, Subject } from './subject.js';

// The section `frames`: what a frame and a call cost.

const CALLS = [1, 50, 100, 200];
const VARIANTS = ['relay', 'pipeline', 'direct'] as const satisfies readonly Variant[];
type Compared = (typeof VARIANTS)[number];
const ROUNDS = 5;
const SECONDS = 3;
/** The process that starts first needs a tenth more CPU, for an unknown reason. Here each variant has each place once. */
const TOGETHER: readonly (readonly Compared[])[] = [
  ['relay', 'pipeline', 'direct', 'direct', 'pipeline', 'relay'],
  ['pipeline', 'direct', 'relay', 'relay', 'direct', 'pipeline'],
  ['direct', 'relay', 'pipeline', 'pipeline', 'relay', 'direct'],
];
const TOGETHER_CALLS = 17;
const TOGETHER_ROUNDS = 8;
/** Enough calls, because with few of them the heap has not reached its working size. */
const [FEW_CALLS, MANY_CALLS] = [100, 200];

interface Rated {
  result: Measurement;
  /** CPU relative to the relay in the same round. */
  ratio: number;
}

/** Measures what a frame and a call cost, relative to a bare relay in the same round. */
export async function frames(): Promise<void> {
  const useAllCores = leaveLastCore();
  try {
    console.log(
      `Two sockets a call. Every 4 s the caller speaks for 1.5 s and the model for 2 s, sent five times faster. Medians of ${ROUNDS} rounds of ${SECONDS} s:`,
    );
    await table('replies', CALLS);
    console.log(
      `\nCPU of two processes of each variant, with ${TOGETHER_CALLS} calls each, at the same time on one core. ${TOGETHER.length} orders, ${TOGETHER_ROUNDS} rounds of ${SECONDS} s each:`,
    );
    await cpuTogether();
    console.log('\nOne socket a call. Every frame comes back at once, from inside the process:');
    await table('inside', [100]);
    console.log(`\nMemory for each additional call, from ${FEW_CALLS} to ${MANY_CALLS} calls, one round:`);
    for (const variant of VARIANTS) {
      const subject = await Subject.start(variant, 'replies');
      console.log(`${variant.padEnd(9)} ${memoryText(await subject.memory(FEW_CALLS, MANY_CALLS))}`);
      await subject.stop();
    }
  } finally {
    useAllCores();
  }
}

/** Measures every variant once a round. Each has a process of its own that lives through all rounds. */
async function table(model: ModelKind, allCalls: readonly number[]): Promise<void> {
  const subjects: Subject[] = [];
  for (const variant of VARIANTS) subjects.push(await Subject.start(variant, model));
  for (const subject of subjects) await subject.warmUp(Math.max(...allCalls));
  console.log(HEADING);
  for (const calls of allCalls) {
    const rounds: Rated[][] = [];
    for (let i = 0; i < ROUNDS; i++) rounds.push(await round(subjects, calls));
    for (const [index] of subjects.entries()) {
      const rated = rounds.map((round) => round[index]).filter((one) => one !== undefined);
      console.log(
        row(
          middle(rated.map(({ result }) => result)),
          rated.map(({ ratio }) => ratio),
        ),
      );
    }
  }
  for (const subject of subjects) await subject.stop();
}

/** Prints the CPU of all variants, relative to relays that ran at the same time. */
async function cpuTogether(): Promise<void> {
  const orders: Record<Compared, number>[] = [];
  for (const order of TOGETHER) orders.push(await cpuInOrder(order));
  for (const variant of VARIANTS) {
    const cpu = orders.map((cpu) => cpu[variant]);
    const ratios = orders.map((cpu) => cpu[variant] / cpu.relay);
    const all = ratios.map((ratio) => ratio.toFixed(2)).join(', ');
    console.log(
      `${variant.padEnd(9)} ${mean(cpu).toFixed(2)} ms per call-second, ratio ${mean(ratios).toFixed(2)} (${all})`,
    );
  }
}

/** Resolves with milliseconds for each call-second: the median of a process's rounds, averaged over a variant's processes. */
async function cpuInOrder(order: readonly Compared[]): Promise<Record<Compared, number>> {
  const subjects: Subject[] = [];
  for (const variant of order) subjects.push(await Subject.start(variant, 'replies'));
  const rounds = await Subject.cpuTogether(subjects, {
    calls: TOGETHER_CALLS,
    rounds: TOGETHER_ROUNDS,
    seconds: SECONDS,
  });
  for (const subject of subjects) await subject.stop();
  const medians = order.map((_, index) => median(rounds.map((round) => round[index] ?? Number.NaN)));
  const cpuOf = (variant: Compared): number => mean(medians.filter((_, index) => order[index] === variant));
  return { relay: cpuOf('relay'), pipeline: cpuOf('pipeline'), direct: cpuOf('direct') };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

async function round(subjects: readonly Subject[], calls: number): Promise<Rated[]> {
  const rated: Rated[] = [];
  let relayCpu = Number.NaN;
  for (const subject of subjects) {
    const result = await subject.measure(calls, SECONDS);
    if (subject.variant === 'relay') relayCpu = result.cpuMsPerCallSecond;
    rated.push({ result, ratio: result.cpuMsPerCallSecond / relayCpu });
  }
  return rated;
}

/** Returns the median of each figure over several measurements of the same thing. */
function middle(results: readonly Measurement[]): Measurement {
  const [first] = results;
  if (first === undefined) throw new Error('There was no round.');
  const of = (pick: (result: Measurement) => number): number => median(results.map(pick));
  const spread = (pick: (result: Measurement) => Spread): Spread => ({
    p50: of((result) => pick(result).p50),
    p95: of((result) => pick(result).p95),
    p99: of((result) => pick(result).p99),
    p999: of((result) => pick(result).p999),
  });
  return {
    variant: first.variant,
    calls: first.calls,
    handlingMs: spread((result) => result.handlingMs),
    onTheWayMs: spread((result) => result.onTheWayMs),
    cpuMsPerCallSecond: of((result) => result.cpuMsPerCallSecond),
    arrived: of((result) => result.arrived),
    loadLateMs: of((result) => result.loadLateMs),
  };
}

export const HEADING =
  '| calls | mode | inside p50 ms | p99 | p99.9 | with the way p50 ms | p99 | p99.9 | CPU ms per call-second | ratio | arrived | load late ms |\n' +
  '|---|---|---|---|---|---|---|---|---|---|---|---|';

/** Returns one row of the Markdown table. Of several ratios it holds the median and all of them. */
export function row(result: Measurement, ratios: readonly number[] = []): string {
  const { handlingMs, onTheWayMs } = result;
  const all = ratios.map((ratio) => ratio.toFixed(2)).join(', ');
  const cells = [
    String(result.calls),
    result.variant,
    handlingMs.p50.toFixed(3),
    handlingMs.p99.toFixed(3),
    handlingMs.p999.toFixed(2),
    onTheWayMs.p50.toFixed(2),
    onTheWayMs.p99.toFixed(1),
    onTheWayMs.p999.toFixed(1),
    result.cpuMsPerCallSecond.toFixed(2),
    result.variant === 'relay' || ratios.length === 0 ? '' : `${median(ratios).toFixed(2)} (${all})`,
    `${(result.arrived * 100).toFixed(1)} %`,
    result.loadLateMs.toFixed(1),
  ];
  return `| ${cells.join(' | ')} |`;
}

export function memoryText({ aliveKb, residentKb }: MemoryPerCall): string {
  return `${residentKb.toFixed(0)} kB a call resident, ${aliveKb.toFixed(0)} kB in objects and buffers in use`;
}
