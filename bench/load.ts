import { choiceOption, defineCommand, isEntry, numberOption, runCommand } from '../src/process/command-line.js';
import { withProgress } from '../src/base/terminal.js';
import { leaveLastCore } from './support/cores.js';
import { HEADING, memoryText, row } from './frames.js';
import type { Variant } from './measured-process.js';
import { type Measurement, type MemoryPerCall, type ModelKind, Subject } from './subject.js';

const VARIANTS: readonly Variant[] = ['pipeline', 'direct', 'relay'];
const MODELS: readonly ModelKind[] = ['replies', 'echo', 'inside'];
/** Approximate time besides the measurement: to warm up, and to measure memory before and after more calls. */
const [WARM_UP_S, MEMORY_S] = [18, 32];

function jsonOf(
  { arrived, calls, cpuMsPerCallSecond, handlingMs, loadLateMs, onTheWayMs, variant }: Measurement,
  { memory, model, seconds }: { model: ModelKind; seconds: number; memory: MemoryPerCall | undefined },
): string {
  return JSON.stringify({
    calls,
    mode: variant,
    model,
    seconds,
    inside_ms: handlingMs,
    with_the_way_ms: onTheWayMs,
    cpu_ms_per_call_second: cpuMsPerCallSecond,
    arrived,
    load_late_ms: loadLateMs,
    resident_kb_per_call: memory?.residentKb ?? null,
    used_kb_per_call: memory?.aliveKb ?? null,
  });
}

export const command = defineCommand({
  name: 'load',
  does: 'Holds simulated calls against a gateway of its own, in a process on one core, and prints latency, CPU and memory for each call.',
  options: {
    calls: { type: 'string', value: 'N', default: '50', about: 'number of calls, 1 to 2000' },
    seconds: { type: 'string', value: 'S', default: '5', about: 'length of the measurement, up to 600' },
    mode: {
      type: 'string',
      value: VARIANTS.join('|'),
      default: 'pipeline',
      about: 'pipeline or direct bridge of the gateway, or a bare relay as the yardstick',
    },
    model: {
      type: 'string',
      value: MODELS.join('|'),
      default: 'replies',
      about: 'over a socket, a model that replies or one that echoes, or an echo inside the process',
    },
    json: { type: 'boolean', about: 'prints one JSON object with the figures and nothing else' },
  },
  examples: ['--calls 100 --seconds 30', '--calls 50 --mode direct --json'],
  notes: `It needs an idle machine with two cores or more, and takes about ${WARM_UP_S + MEMORY_S} seconds longer than the measurement.`,
  run: async ({ values }) => {
    const calls = numberOption('calls', values.calls, { least: 1, most: 2000, whole: true });
    const seconds = numberOption('seconds', values.seconds, { least: 0.1, most: 600 });
    const mode = choiceOption('mode', values.mode, VARIANTS);
    const model = choiceOption('model', values.model, MODELS);
    const aboutS = Math.round(WARM_UP_S + (calls > 1 ? MEMORY_S : 0) + seconds);
    leaveLastCore();
    const { measured, memory } = await withProgress(
      process.stderr,
      (so) => `${calls} calls, ${so} s of about ${aboutS} s`,
      async () => {
        const subject = await Subject.start(mode, model);
        // Memory comes first, while the process has not grown beyond what these calls need.
        const memory = calls > 1 ? await subject.memory(Math.floor(calls / 2), calls) : undefined;
        await subject.warmUp(calls);
        const measured = await subject.measure(calls, seconds);
        await subject.stop();
        return { measured, memory };
      },
    );
    if (values.json) console.log(jsonOf(measured, { model, seconds, memory }));
    else {
      console.log(HEADING);
      console.log(row(measured));
      if (memory !== undefined) console.log(`Memory, from half of the calls to all: ${memoryText(memory)}.`);
    }
    return 0;
  },
});

if (isEntry(import.meta.url)) await runCommand(command);
