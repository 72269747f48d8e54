import { cluster } from './cluster.js';
import { flood } from './flood.js';
import { frames } from './frames.js';
import { handover } from './handover.js';
import { interruptions } from './interruptions.js';
import { models } from './models.js';
import { speech } from './speech.js';
import { start } from './start.js';
import { survive } from './survive.js';
import { useDotEnv } from '../src/process/dot-env.js';

interface Section {
  run: () => Promise<void>;
  /** Approximate duration on two idle cores. */
  seconds: number;
}

/** The sections of `npm run bench -- [section]…`, which runs all by default. Each is one file and prints its own tables. */
const SECTIONS: ReadonlyMap<string, Section> = new Map([
  ['start', { run: start, seconds: 8 }],
  ['speech', { run: speech, seconds: 70 }],
  ['frames', { run: frames, seconds: 790 }],
  ['interruptions', { run: interruptions, seconds: 115 }],
  ['models', { run: models, seconds: 240 }],
  ['handover', { run: handover, seconds: 45 }],
  ['survive', { run: survive, seconds: 110 }],
  ['cluster', { run: cluster, seconds: 60 }],
  ['flood', { run: flood, seconds: 50 }],
]);

useDotEnv(process.env);
const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !SECTIONS.has(name));
if (unknown.length > 0) {
  console.error(
    `There is no section ${unknown.join(', ')}. Use: npm run bench -- [${[...SECTIONS.keys()].join('|')}]…`,
  );
  process.exit(2);
}
const names = wanted.length > 0 ? wanted : [...SECTIONS.keys()];
const sections = names.map((name) => [name, SECTIONS.get(name)] as const);
const plan = sections.map(([name, section]) => `${name} ${section?.seconds} s`).join(', ');
const totalSeconds = sections.reduce((sum, [, section]) => sum + (section?.seconds ?? 0), 0);
console.log(`About ${Math.ceil(totalSeconds / 60)} min in all: ${plan}.`);
for (const [name, section] of sections) {
  console.log(`── ${name}`);
  const startedMs = performance.now();
  await section?.run();
  console.log(`(${name}: ${((performance.now() - startedMs) / 1000).toFixed(0)} s)\n`);
}
