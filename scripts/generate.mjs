// Writes the files that are generated from the source. With --check it only compares and exits 1 when one is stale.
import { readFileSync, writeFileSync } from 'node:fs';
import { format } from 'prettier';
import { buildAll } from './build.mjs';
import { withSettings } from './compose-settings.mjs';
import { configurationPage } from './configuration-page.mjs';
import { withPositions } from './flow-layout.mjs';
import { withSilenceBudget } from './silence-budget.mjs';

await buildAll({ ifNeeded: true });
const { VARIABLES, exampleEnvironment } = await import('../dist/src/config/variables.js');
const { guidePicture } = await import('./guide-picture.mjs');

const read = (name) => readFileSync(new URL(`../${name}`, import.meta.url), 'utf8');
const resilience = 'docs/operate/resilience.md';
const flowFiles = ['connect/contact-flow.json', 'connect/agent-whisper.json', 'connect/agent-guide.json'];
const placed = (name) =>
  format(JSON.stringify(withPositions(JSON.parse(read(name)))), {
    parser: 'json',
    printWidth: 120,
    objectWrap: 'preserve',
  });
const generated = [
  ...(await Promise.all(flowFiles.map(async (name) => [name, await placed(name)]))),
  ['.env.example', exampleEnvironment()],
  ['docker-compose.yml', withSettings(read('docker-compose.yml'), exampleEnvironment())],
  ['docs/CONFIGURATION.md', configurationPage(VARIABLES)],
  ['docs/agent-guide.svg', await guidePicture()],
  [resilience, withSilenceBudget(read(resilience), read('src/base/silence-budget.ts'))],
];
let stale = false;
for (const [name, content] of generated) {
  const path = new URL(`../${name}`, import.meta.url);
  if (!process.argv.includes('--check')) {
    writeFileSync(path, content);
    continue;
  }
  let current = '';
  try {
    current = read(name);
  } catch {
    // reported below as stale
  }
  if (current === content) continue;
  stale = true;
  console.error(`${name} is not what the source says; run "node scripts/generate.mjs".`);
}
process.exit(stale ? 1 : 0);
