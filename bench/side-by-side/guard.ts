import { readFileSync } from 'node:fs';
import { withProgress } from '../../src/base/terminal.js';
import { defineCommand, isEntry, runCommand } from '../../src/process/command-line.js';
import { median } from '../quantile.js';
import { Scene, ratiosOf } from './scene.js';
import type { Kind } from './subject.js';

const KINDS = ['pipeline', 'direct'] as const satisfies readonly Kind[];
const MEASURED = { calls: 100, rounds: 3, seconds: 4 };
/** How much worse than what is recorded a run may be. Runs of the same code differ by a tenth. */
const MOST_WORSE = 1.25;
const ABOUT_S = 110;

export const command = defineCommand({
  name: 'check:speed',
  does: 'Measures the CPU of the gateway against a bare relay in the same run, and compares it with what bench/ratios.json records.',
  options: {},
  examples: [''],
  notes: `It takes about ${ABOUT_S} seconds. Exit code: 0 about as fast as recorded, 1 slower by more than a quarter.`,
  run: async () => {
    const recorded = JSON.parse(readFileSync('bench/ratios.json', 'utf8')) as Record<(typeof KINDS)[number], number>;
    const scene = await Scene.open(false);
    try {
      const rounds = await withProgress(
        process.stderr,
        (so) => `${so} s of about ${ABOUT_S} s`,
        () => scene.rounds(['relay', ...KINDS], MEASURED),
      );
      let isSlower = false;
      for (const kind of KINDS) {
        const ratio = median(ratiosOf(kind, rounds));
        const most = recorded[kind] * MOST_WORSE;
        console.log(
          `${kind}: ${ratio.toFixed(2)} times the CPU of the relay; recorded ${recorded[kind]}, at most ${most.toFixed(2)}`,
        );
        isSlower ||= !(ratio <= most);
      }
      if (isSlower)
        console.error('The gateway needs more CPU than recorded. See docs/hot-path.md, and npm run profile.');
      return isSlower ? 1 : 0;
    } finally {
      await scene.close();
    }
  },
});

if (isEntry(import.meta.url)) await runCommand(command);
