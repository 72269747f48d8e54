import { frames } from './frames.js';
import { handover } from './handover.js';
import { models } from './models.js';
import { speech } from './speech.js';
import { start } from './start.js';
import { survive } from './survive.js';

/** `npm run bench -- [section]…`: the named sections, or all of them. Each is one file and prints its own tables. */
const SECTIONS: ReadonlyMap<string, () => Promise<void>> = new Map([
  ['start', start],
  ['speech', speech],
  ['frames', frames],
  ['models', models],
  ['handover', handover],
  ['survive', survive],
]);

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !SECTIONS.has(name));
if (unknown.length > 0) {
  console.error(
    `There is no section ${unknown.join(', ')}. Use: npm run bench -- [${[...SECTIONS.keys()].join('|')}]…`,
  );
  process.exit(2);
}
const names = wanted.length > 0 ? wanted : [...SECTIONS.keys()];
for (const name of names) {
  console.log(`── ${name}`);
  await SECTIONS.get(name)?.();
}
