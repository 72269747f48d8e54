import { median, quantile, spreadOf } from '../support/quantile.js';
import { KINDS, type Kind } from './questions.js';
import { type Measured, Scene, ratiosOf } from './scene.js';

// The section `side-by-side`: the gateway beside the least that a relay needs, and beside another gateway, under the same load.

const [CALLS, ROUNDS, SECONDS] = [150, 5, 6];

/** Measures all subjects, with one clock on both ends of every call. */
export async function sideBySide(): Promise<void> {
  await compare(false);
  await compare(true);
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

function row(kind: Kind, rounds: readonly Map<Kind, Measured>[]): string {
  const all = rounds.map((round) => round.get(kind)).filter((one) => one !== undefined);
  const ratios = ratiosOf(kind, rounds);
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
