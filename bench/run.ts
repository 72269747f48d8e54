import { UsageError, defineCommand, isEntry, runCommand } from '../src/process/command-line.js';
import { withProgress } from '../src/base/terminal.js';
import { backchannels } from './backchannels.js';
import { cluster } from './cluster.js';
import { operatorConsole } from './console.js';
import { flood } from './flood.js';
import { frames } from './frames.js';
import { handover } from './handover.js';
import { interruptions } from './interruptions.js';
import { models } from './models.js';
import { capacity } from './side-by-side/capacity.js';
import { memory } from './side-by-side/memory.js';
import { sideBySide } from './side-by-side/side-by-side.js';
import { speech } from './speech.js';
import { start } from './start.js';
import { survive } from './survive.js';

interface Section {
  run: () => Promise<void>;
  /** Approximate duration on two idle cores. */
  seconds: number;
}

/** Each section is one file and prints its own tables. */
const SECTIONS: ReadonlyMap<string, Section> = new Map([
  ['start', { run: start, seconds: 8 }],
  ['speech', { run: speech, seconds: 70 }],
  ['frames', { run: frames, seconds: 790 }],
  ['side-by-side', { run: sideBySide, seconds: 500 }],
  ['capacity', { run: capacity, seconds: 450 }],
  ['memory', { run: memory, seconds: 130 }],
  ['interruptions', { run: interruptions, seconds: 115 }],
  ['backchannels', { run: backchannels, seconds: 75 }],
  ['models', { run: models, seconds: 240 }],
  ['handover', { run: handover, seconds: 45 }],
  ['survive', { run: survive, seconds: 110 }],
  ['cluster', { run: cluster, seconds: 60 }],
  ['flood', { run: flood, seconds: 60 }],
  ['console', { run: operatorConsole, seconds: 400 }],
]);

const NAMES = [...SECTIONS.keys()];

export const command = defineCommand({
  name: 'bench',
  does: 'Runs the benchmarks and prints their tables.',
  operands: { shown: '[section]…', about: `what to measure: ${NAMES.join(', ')} (without any: all)` },
  options: {},
  examples: ['', 'frames interruptions'],
  notes: `It needs an idle machine with two cores or more. Seconds on such a machine: ${[...SECTIONS].map(([name, { seconds }]) => `${name} ${seconds}`).join(', ')}.`,
  run: async ({ operands }) => {
    const unknown = operands.filter((name) => !SECTIONS.has(name));
    if (unknown.length > 0)
      throw new UsageError(`There is no section ${unknown.join(', ')}; there are ${NAMES.join(', ')}.`);
    const sections = [...SECTIONS].filter(([name]) => operands.length === 0 || operands.includes(name));
    const plan = sections.map(([name, { seconds }]) => `${name} ${seconds} s`).join(', ');
    const totalSeconds = sections.reduce((sum, [, { seconds }]) => sum + seconds, 0);
    console.log(`About ${Math.ceil(totalSeconds / 60)} min in all: ${plan}.`);
    for (const [name, { run, seconds }] of sections) {
      console.log(`── ${name}`);
      const startedMs = performance.now();
      await withProgress(process.stderr, (so) => `${name}: ${so} s of about ${seconds} s`, run);
      console.log(`(${name}: ${((performance.now() - startedMs) / 1000).toFixed(0)} s)\n`);
    }
    return 0;
  },
});

if (isEntry(import.meta.url)) await runCommand(command);
