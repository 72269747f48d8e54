import { setTimeout as sleep } from 'node:timers/promises';
import { KINDS } from './questions.js';
import { Scene, SETTLE_MS, WARM_UP_MS } from './scene.js';

// The section `memory`: what a gateway needs without calls, and what each call adds.

const MEMORY_CALLS = [100, 500];

/** Measures the resident memory of a gateway without calls, and of each call. */
export async function memory(): Promise<void> {
  console.log('Resident memory, after a collection:');
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
