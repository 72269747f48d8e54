import { parseArgs } from 'node:util';
import { leaveLastCore } from './cores.js';
import { HEADING, memoryText, row } from './frames.js';
import type { Variant } from './measured-process.js';
import { type ModelKind, Subject } from './subject.js';
import { useDotEnv } from '../src/process/dot-env.js';

const USAGE = `npm run load -- [--calls N] [--seconds S] [--mode pipeline|direct|relay] [--model replies|echo|inside]
  --calls N     number of calls, 1 to 2000 (default 50)
  --seconds S   length of the measurement, up to 600 (default 5)
  --mode        pipeline or direct bridge of the gateway, or a bare relay as the yardstick (default pipeline)
  --model       over a socket, a model that replies or one that echoes, or an echo inside the process (default replies)`;
const VARIANTS: readonly string[] = ['pipeline', 'direct', 'relay'] satisfies Variant[];
const MODELS: readonly string[] = ['replies', 'echo', 'inside'] satisfies ModelKind[];

useDotEnv(process.env);
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

leaveLastCore();
const subject = await Subject.start(values.mode as Variant, values.model as ModelKind);
// Memory comes first, while the process has not grown beyond what these calls need.
const memory = calls > 1 ? await subject.memory(Math.floor(calls / 2), calls) : undefined;
await subject.warmUp(calls);
console.log(HEADING);
console.log(row(await subject.measure(calls, seconds)));
if (memory !== undefined) console.log(`Memory, from half of the calls to all: ${memoryText(memory)}.`);
await subject.stop();
