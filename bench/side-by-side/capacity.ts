import { KINDS } from './questions.js';
import { type Measured, Scene, WARM_UP_MS } from './scene.js';

// The section `capacity`: how many calls a core carries.

const WARM_UP_CALLS = 150;
const [STEP_CALLS, STEP_SECONDS, MOST_CALLS] = [50, 4, 900];
/** A call that is later than this at p99 is one too many. */
const MOST_ADDED_MS = 20;

/** Adds calls until one call in a hundred frames is late. */
export async function capacity(): Promise<void> {
  console.log(`Calls on one core with both ways below ${MOST_ADDED_MS} ms at p99, in steps of ${STEP_CALLS}:`);
  for (const kind of KINDS) {
    const scene = await Scene.open(false);
    try {
      const subject = await scene.start(kind);
      await scene.measure(subject, WARM_UP_CALLS, WARM_UP_MS / 1000);
      let held = 0;
      let last = '';
      for (let calls = 2 * STEP_CALLS; calls <= MOST_CALLS; calls += STEP_CALLS) {
        const step = (): Promise<Measured> => scene.measure(subject, calls, STEP_SECONDS);
        const first = await step();
        // Anything else that runs for a moment makes one step late.
        const { cpuMsPerCallSecond, report } = isLate(first) ? await step() : first;
        const { downMs, lateMs, upMs } = report;
        last = `${calls}: up ${upMs.p99.toFixed(1)} ms, down ${downMs.p99.toFixed(1)} ms, core ${((cpuMsPerCallSecond * calls) / 10).toFixed(0)} %, load late ${lateMs.toFixed(1)} ms`;
        if (isLate({ report })) break;
        held = calls;
      }
      console.log(`${kind.padEnd(9)} ${held} calls (${last})`);
    } finally {
      await scene.close();
    }
  }
}

function isLate({ report: { downMs, lost, upMs } }: Pick<Measured, 'report'>): boolean {
  return Math.max(upMs.p99, downMs.p99) > MOST_ADDED_MS || lost > 0;
}
