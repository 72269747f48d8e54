import { setTimeout as sleep } from 'node:timers/promises';
import { median, quantile, spreadOf } from '../quantile.js';
import { type Measured, Scene, SETTLE_MS, WARM_UP_MS, ratiosOf } from './scene.js';
import type { Kind } from './subject.js';

// The section `side-by-side`: the gateway beside the least that a relay needs, and beside another gateway, under the same load.

const KINDS: readonly Kind[] = ['relay', 'pipeline', 'direct', 'agents'];
const [CALLS, ROUNDS, SECONDS] = [150, 5, 6];
const [STEP_CALLS, STEP_SECONDS, MOST_CALLS] = [50, 5, 900];
/** A call that is later than this at p99 is one too many. */
const MOST_ADDED_MS = 20;
const MEMORY_CALLS = [100, 500];

/** Measures all subjects, with one clock on both ends of every call. */
export async function sideBySide(): Promise<void> {
  await compare(false);
  await compare(true);
  await capacity();
  await memory();
}

async function compare(isTls: boolean): Promise<void> {
  const scene = await Scene.open(isTls);
  try {
    const rounds = await scene.rounds(KINDS, { calls: CALLS, rounds: ROUNDS, seconds: SECONDS });
    console.log(`\n${CALLS} calls, ${isTls ? 'TLS' : 'no TLS'} to the model, ${ROUNDS} rounds of ${SECONDS} s:`);
    console.log(
      '| subject | CPU ms a call-second | of the relay | system | up p50 ms | p99 | p99.9 | down p50 ms | p99 | p99.9 | collector p99 / worst ms | arrived | load late ms |\n|---|---|---|---|---|---|---|---|---|---|---|---|---|',
    );
    for (const kind of KINDS) console.log(row(kind, rounds));
  } finally {
    await scene.close();
  }
}

/** Adds calls until one call in a hundred frames is late. */
async function capacity(): Promise<void> {
  console.log(`\nCalls on one core with both ways below ${MOST_ADDED_MS} ms at p99, in steps of ${STEP_CALLS}:`);
  for (const kind of KINDS) {
    const scene = await Scene.open(false);
    try {
      const subject = await scene.start(kind);
      await scene.measure(subject, CALLS, WARM_UP_MS / 1000);
      let held = 0;
      let last = '';
      for (let calls = 2 * STEP_CALLS; calls <= MOST_CALLS; calls += STEP_CALLS) {
        const { cpuMsPerCallSecond, report } = await scene.measure(subject, calls, STEP_SECONDS);
        const { downMs, lateMs, lost, upMs } = report;
        last = `${calls}: up ${upMs.p99.toFixed(1)} ms, down ${downMs.p99.toFixed(1)} ms, core ${((cpuMsPerCallSecond * calls) / 10).toFixed(0)} %, load late ${lateMs.toFixed(1)} ms`;
        if (Math.max(upMs.p99, downMs.p99) > MOST_ADDED_MS || lost > 0) break;
        held = calls;
      }
      console.log(`${kind.padEnd(9)} ${held} calls (${last})`);
    } finally {
      await scene.close();
    }
  }
}

async function memory(): Promise<void> {
  console.log('\nResident memory, after a collection:');
  for (const kind of KINDS) {
    const scene = await Scene.open(false);
    try {
      const subject = await scene.start(kind);
      await sleep(SETTLE_MS);
      const baseBytes = await subject.residentBytes();
      const cells = [`${kind.padEnd(9)} base ${(baseBytes / 1e6).toFixed(0)} MB`];
      let [beforeBytes, before] = [0, 0];
      for (const calls of MEMORY_CALLS) {
        await scene.load.open(calls, subject.address);
        await sleep(WARM_UP_MS);
        const bytes = await subject.residentBytes();
        const each = (bytes - beforeBytes) / 1000 / (calls - before);
        cells.push(
          `${calls} calls ${(bytes / 1e6).toFixed(0)} MB${before === 0 ? '' : ` (${each.toFixed(0)} kB a call since)`}`,
        );
        [beforeBytes, before] = [bytes, calls];
      }
      console.log(cells.join(', '));
    } finally {
      await scene.close();
    }
  }
}

function row(kind: Kind, rounds: readonly Map<Kind, Measured>[]): string {
  const all = rounds.map((round) => round.get(kind)).filter((one) => one !== undefined);
  const ratios = rounds.map(
    (round) => (round.get(kind)?.cpuMsPerCallSecond ?? 0) / (round.get('relay')?.cpuMsPerCallSecond ?? 0),
  );
  const of = (pick: (one: Measured) => number): number => median(all.map(pick));
  const pauses = spreadOf(all.flatMap(({ pausesMs }) => pausesMs));
  const worst = quantile(
    all.flatMap(({ pausesMs }) => pausesMs),
    1,
  );
  const cells = [
    kind,
    of((one) => one.cpuMsPerCallSecond).toFixed(2),
    `${median(ratios).toFixed(2)} (${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)})`,
    `${(of((one) => one.systemShare) * 100).toFixed(0)} %`,
    of(({ report }) => report.upMs.p50).toFixed(2),
    of(({ report }) => report.upMs.p99).toFixed(1),
    of(({ report }) => report.upMs.p999).toFixed(1),
    of(({ report }) => report.downMs.p50).toFixed(2),
    of(({ report }) => report.downMs.p99).toFixed(1),
    of(({ report }) => report.downMs.p999).toFixed(1),
    `${pauses.p99.toFixed(1)} / ${worst.toFixed(1)}`,
    `${(of(({ report }) => report.arrived / report.sent) * 100).toFixed(1)} %`,
    of(({ report }) => report.lateMs).toFixed(1),
  ];
  return `| ${cells.join(' | ')} |`;
}
