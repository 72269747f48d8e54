import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { z } from 'zod';
import { defineTool } from '../src/voice/tools.js';
import { heardMore, type ModelRig, type ModelRigOptions, speak, startModelRig } from './model-rig.js';
import { until } from './rig.js';

const turnsOf = (rig: ModelRig): string[] => {
  const last = new Map<string, string>();
  for (const event of rig.events)
    if (event.type === 'turn') last.set(event.turn.itemId, `${event.turn.speaker}: ${event.turn.text}`);
  return [...last.values()];
};
const escalationsOf = (rig: ModelRig): string[] =>
  rig.events.flatMap((event) => (event.type === 'escalated' ? [event.escalation.trigger] : []));

async function withModel(options: ModelRigOptions, body: (rig: ModelRig) => Promise<void>): Promise<void> {
  const rig = await startModelRig(options);
  try {
    await body(rig);
  } finally {
    await rig.close();
  }
}

for (const model of ['openai', 'nova'] as const) {
  for (const pipeline of [true, false]) {
    describe(`${model} ${pipeline ? 'through the pipeline' : 'through the direct bridge'}`, () => {
      test('greets first, answers, and hands the call to a human who sees what was said', async () => {
        const says = ['What are your opening hours?', 'I want to speak to a human.'];
        await withModel({ model, pipeline, says }, async (rig) => {
          const { call, hearing } = rig.place();
          await heardMore(hearing, 0, 'the greeting');
          const beforeMs = hearing.loudMs;
          await speak(call);
          await heardMore(hearing, beforeMs, 'the answer');
          await speak(call);
          assert.equal(await call.whenEnded(), 'gateway-hung-up');
          const [screen] = rig.screens;
          assert.equal(screen?.attributes['token_status'], 'valid');
          assert.match(screen.attributes['summary'] ?? '', /opening hours\?.*nine in the morning/s);
          assert.deepEqual(escalationsOf(rig), ['phrase']);
          const turns = turnsOf(rig);
          assert.match(turns[0] ?? '', /^assistant: Hello, thank you for calling/);
          assert.equal(turns.indexOf('caller: What are your opening hours?') > 0, true);
        });
      });

      test('is cut off by the caller, and remembers no more than was heard', async () => {
        const says = ['What are your opening hours?', 'Where is my order?'];
        await withModel({ model, pipeline, says }, async (rig) => {
          const { call, hearing } = rig.place();
          await heardMore(hearing, 0, 'the greeting');
          const beforeMs = hearing.loudMs;
          await speak(call);
          await until(() => hearing.loudMs > beforeMs + 1200, 'some of the answer', 15_000);
          await speak(call);
          await until(() => turnsOf(rig).some((turn) => /order number/.test(turn)), 'the next answer', 15_000);
          const cut = turnsOf(rig).find((turn) => turn.startsWith('assistant: We are open')) ?? '';
          assert.ok(cut.length < 'assistant: We are open Monday to Friday, from nine in the morning until'.length, cut);
          if (model === 'openai') assert.ok(!rig.memory().some((turn) => turn.includes('evening')));
          assert.match(await rig.running.metrics.text(), /voice_barge_ins_total 1/);
          call.hangup();
        });
      });

      test('uses a tool, takes keys, and goes on', async () => {
        const tool = defineTool({
          name: 'order_status',
          description: 'Looks up an order.',
          parameters: z.object({ order_number: z.string() }),
          run: ({ order_number: number }) => Promise.resolve({ status: `Order ${number} arrives tomorrow.` }),
        });
        await withModel({ model, pipeline, says: ['Where is my order?'], tools: [tool] }, async (rig) => {
          const { call, hearing } = rig.place();
          await heardMore(hearing, 0, 'the greeting');
          await speak(call);
          await until(() => turnsOf(rig).some((turn) => /order number/.test(turn)), 'the question', 15_000);
          await until(() => hearing.quietMs > 400, 'its end');
          for (const key of '4711#') call.pressDigit(key);
          await until(() => turnsOf(rig).some((turn) => /arrives tomorrow/.test(turn)), 'the result', 15_000);
          assert.deepEqual(escalationsOf(rig), []);
          call.pressDigit('0');
          await until(() => escalationsOf(rig).length > 0, 'the wish for a human');
          assert.deepEqual(escalationsOf(rig), ['keypad']);
          call.hangup();
        });
      });
    });
  }
}
