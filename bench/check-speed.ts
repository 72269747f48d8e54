import { readFileSync } from 'node:fs';
import { withProgress } from '../src/base/terminal.js';
import { defineCommand, isEntry, runCommand } from '../src/process/command-line.js';
import type { Kind } from './side-by-side/questions.js';
import { type Measured, Scene } from './side-by-side/scene.js';

const KINDS = ['pipeline', 'direct'] as const satisfies readonly Kind[];
const MEASURED = { calls: 200, rounds: 3, seconds: 3 };
/** How much worse than what is recorded a run may be. Runs of the same code differ by a tenth. */
const MOST_WORSE = 1.25;
/** Something else may have run beside the gateway. */
const TRIES = 3;
const ABOUT_S = 100;

export const command = defineCommand({
  name: 'check:speed',
  does: 'Measures the CPU of the gateway against a bare relay in the same run, and compares it with what bench/ratios.json records.',
  options: {},
  examples: [''],
  notes: `It takes about ${ABOUT_S} seconds, and is tried up to ${TRIES} times. Exit code: 0 about as fast as recorded, 1 slower by more than a quarter.`,
  run: async () => {
    const recorded = JSON.parse(readFileSync('bench/ratios.json', 'utf8')) as Record<(typeof KINDS)[number], number>;
    for (let at = 1; at <= TRIES; at++) {
      const ratios = await withProgress(process.stderr, (so) => `${so} s of about ${ABOUT_S} s`, measure);
      let isSlower = false;
      for (const kind of KINDS) {
        const most = recorded[kind] * MOST_WORSE;
        console.log(
          `${kind}: ${ratios[kind].toFixed(2)} times the CPU of the relay; recorded ${recorded[kind]}, at most ${most.toFixed(2)}`,
        );
        isSlower ||= !(ratios[kind] <= most);
      }
      if (!isSlower) return 0;
    }
    console.error('The gateway needs more CPU than recorded. See docs/hot-path.md, and npm run profile.');
    return 1;
  },
});

/** The least of some rounds is what the code needs. Whatever else runs can only add to it. */
async function measure(): Promise<Record<(typeof KINDS)[number], number>> {
  const scene = await Scene.open(false);
  try {
    const rounds = await scene.rounds(['relay', ...KINDS], MEASURED);
    const least = (kind: Kind): number => Math.min(...rounds.map((round) => cpuOf(round.get(kind))));
    return { pipeline: least('pipeline') / least('relay'), direct: least('direct') / least('relay') };
  } finally {
    await scene.close();
  }
}

function cpuOf(measured: Measured | undefined): number {
  return measured?.cpuMsPerCallSecond ?? Number.NaN;
}

if (isEntry(import.meta.url)) await runCommand(command);
