// Draws one trace: a real call against the simulated models, in which the caller interrupts, a tool is called, OpenAI fails, Nova takes
// over, and an agent gets the call. The spans are those that a receiver got over OTLP. Writes docs/trace.svg.
import { writeFileSync } from 'node:fs';
import { buildAll } from './build.mjs';
import { readScriptInput } from './command.mjs';
import { tracePicture } from './monitoring/trace-picture.mjs';

const { values } = await readScriptInput({
  name: 'draw-trace',
  does: 'Places one simulated call with an interruption, a failover and a handover, and draws its trace.',
  options: {
    out: { type: 'string', value: 'file.svg', about: 'where to write the picture (default: docs/trace.svg)' },
  },
  examples: [''],
  notes: 'It takes about half a minute. Exit code: 0 the picture is written, 1 the call went another way.',
});
await buildAll({ ifNeeded: true, all: true });
const { OtlpReceiver } = await import('../dist/sim/otlp/receiver.js');
const { startObserved } = await import('../dist/test/support/observed-gateway.js');
const { speak, heardMore } = await import('../dist/test/support/model-rig.js');
const { until } = await import('../dist/test/support/rig.js');

const receiver = await new OtlpReceiver().start();
let saying = '';
const observed = await startObserved({
  says: () => saying,
  faults: [
    { when: { at: 'answer', ms: 900, turn: 5 }, fault: { type: 'reset' }, session: 1 },
    { when: { at: 'connect' }, fault: { type: 'refuse', status: 503 }, session: 2 },
    { when: { at: 'connect' }, fault: { type: 'refuse', status: 503 }, session: 3 },
    { when: { at: 'connect' }, fault: { type: 'refuse', status: 503 }, session: 4 },
  ],
  env: { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url, OTEL_BSP_SCHEDULE_DELAY: '100' },
});
try {
  const { call, hearing } = observed.place();
  const count = (type) => observed.events.filter((event) => event.type === type).length;
  const says = async (text) => {
    saying = text;
    await speak(call, 900);
  };
  await heardMore(hearing, 0, 'the greeting');
  await says('When are you open?');
  await until(() => count('answered') > 0, 'an answer');
  await new Promise((resolve) => setTimeout(resolve, 1500));
  await says('Where is my order 4711?');
  await until(() => count('barge-in') > 0, 'the interruption');
  await until(() => count('tool-done') > 0, 'the tool');
  await heardMore(hearing, hearing.loudMs, 'the answer of the tool', 800);
  await says('Thank you, what else can you do?');
  await until(() => observed.events.some(({ seam, type }) => type === 'seam' && seam === 'failover'), 'the failover');
  await heardMore(hearing, hearing.loudMs, 'the next model', 1200);
  await says('I want to speak to a human agent.');
  await until(() => observed.screens.length > 0, "the agent's screen", 60_000);
  await call.whenEnded();
  await until(() => receiver.spans.some(({ name }) => name === 'call'), 'the last span');
  await new Promise((resolve) => setTimeout(resolve, 500));
} finally {
  await observed.close();
  await receiver.close();
}
writeFileSync(values.out ?? new URL('../docs/trace.svg', import.meta.url), tracePicture(receiver.spans));
process.exit(0);
