import { parseArgs } from 'node:util';
import { HEADING, row } from './frames.js';
import { type ModelKind, measure } from './measure.js';
import type { Variant } from './measured-process.js';

const USAGE = `npm run load -- --calls N (1 to 2000) --seconds S (up to 600) [--mode pipeline|direct|relay] [--model replies|echo|inside]`;

const VARIANTS: readonly string[] = ['pipeline', 'direct', 'relay'] satisfies Variant[];
const MODELS: readonly string[] = ['replies', 'echo', 'inside'] satisfies ModelKind[];

const { values } = parseArgs({
  options: {
    calls: { type: 'string', default: '50' },
    seconds: { type: 'string', default: '5' },
    mode: { type: 'string', default: 'pipeline' },
    model: { type: 'string', default: 'replies' },
  },
});
const calls = Number(values.calls);
const seconds = Number(values.seconds);
const isPossible = Number.isInteger(calls) && calls >= 1 && calls <= 2000 && seconds > 0 && seconds <= 600;
if (!isPossible || !VARIANTS.includes(values.mode) || !MODELS.includes(values.model)) {
  console.error(`Use: ${USAGE}`);
  process.exit(2);
}
console.log(HEADING);
console.log(row(await measure({ variant: values.mode as Variant, calls, seconds, model: values.model as ModelKind })));
