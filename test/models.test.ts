import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { z } from 'zod';
import { defineTool } from '../src/voice/tools.js';
import { callTool, scriptedBrain, speak as speaks } from '../sim/model/script.js';
import type { NovaSimOptions } from '../sim/nova/nova-sim.js';
import {
  heardMore,
  type Model,
  type ModelRig,
  type ModelRigOptions,
  speak,
  startModelRig,
} from './support/model-rig.js';
import { until } from './support/rig.js';

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

/** Runs a call of two questions and a request for an agent. Returns the turns, the sound heard and the agent's screen. */
async function wholeCall(model: Model, pipeline: boolean): Promise<unknown> {
  const says = ['What are your opening hours?', 'Where is my order?', 'I want to speak to a human.'];
  const rig = await startModelRig({ model, pipeline, says });
  try {
    const { call, hearing } = rig.place();
    await heardMore(hearing, 0, 'the greeting');
    for (let i = 0; i < 2; i++) {
      const beforeMs = hearing.loudMs;
      await speak(call);
      await heardMore(hearing, beforeMs, 'the answer');
    }
    const loudMs = hearing.loudMs;
    await speak(call);
    await call.whenEnded();
    const { handover_id: _, conversation_id: __, ...attributes } = rig.screens[0]?.attributes ?? {};
    return {
      turns: turnsOf(rig),
      heardMs: Math.round(loudMs / 100) * 100,
      escalations: escalationsOf(rig),
      attributes,
    };
  } finally {
    await rig.close();
  }
}

// Concurrent, because a call spends its time waiting.
describe('calls with hosted models', { concurrency: 6 }, () => {
  for (const model of ['openai', 'openai-live', 'nova'] as const) {
    for (const pipeline of [true, false]) {
      describe(
        `${model} ${pipeline ? 'through the pipeline' : 'through the direct bridge'}`,
        { concurrency: true },
        () => {
          test('the model greets, answers, and hands the call to an agent who sees what was said', async () => {
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

          test('an interrupted model remembers no more of its answer than the caller heard', async () => {
            const says = ['What are your opening hours?', 'Where is my order?'];
            await withModel({ model, pipeline, says }, async (rig) => {
              const { call, hearing } = rig.place();
              await heardMore(hearing, 0, 'the greeting');
              const beforeMs = hearing.loudMs;
              await speak(call);
              await until(() => hearing.loudMs > beforeMs + 1200, 'some of the answer');
              await speak(call);
              await until(() => turnsOf(rig).some((turn) => /order number/.test(turn)), 'the next answer');
              const cut = turnsOf(rig).find((turn) => turn.startsWith('assistant: We are open')) ?? '';
              assert.ok(
                cut.length < 'assistant: We are open Monday to Friday, from nine in the morning until'.length,
                cut,
              );
              if (model === 'openai') assert.ok(!rig.memory().some((turn) => turn.includes('evening')));
              assert.match(await rig.running.metrics.text(), /voice_barge_ins_total 1/);
              call.hangup();
            });
          });

          test('the model uses a tool with the number that the caller keyed in, and the call continues', async () => {
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
              await until(() => turnsOf(rig).some((turn) => /order number/.test(turn)), 'the question');
              await until(() => hearing.quietMs > 400, 'its end');
              for (const key of '4711#') call.pressDigit(key);
              await until(() => turnsOf(rig).some((turn) => /arrives tomorrow/.test(turn)), 'the result');
              assert.deepEqual(escalationsOf(rig), []);
              call.pressDigit('0');
              await until(() => escalationsOf(rig).length > 0, 'the escalation');
              assert.deepEqual(escalationsOf(rig), ['keypad']);
              call.hangup();
            });
          });
        },
      );
    }
  }

  for (const pipeline of [true, false]) {
    const way = pipeline ? 'through the pipeline' : 'through the direct bridge';
    test(`a Nova that ends no turn and reports the start of speech alone is interrupted and hands over, ${way}`, async () => {
      const says = ['What are your opening hours?', 'Where is my order?', 'I want to speak to a human.'];
      const nova: NovaSimOptions = { headers: 'with-first-output', bargeInSignal: 'speech-start', turnEnd: 'none' };
      await withModel({ model: 'nova', pipeline, says, nova }, async (rig) => {
        const { call, hearing } = rig.place();
        await heardMore(hearing, 0, 'the greeting');
        const beforeMs = hearing.loudMs;
        await speak(call);
        await until(() => hearing.loudMs > beforeMs + 1200, 'some of the answer');
        await speak(call);
        await until(() => turnsOf(rig).some((turn) => /order number/.test(turn)), 'the next answer');
        const cut = turnsOf(rig).find((turn) => turn.startsWith('assistant: We are open')) ?? '';
        assert.ok(cut.length < 'assistant: We are open Monday to Friday, from nine in the morning until'.length, cut);
        assert.match(await rig.running.metrics.text(), /voice_barge_ins_total 1/);
        await until(() => hearing.quietMs > 400, 'its end');
        await speak(call);
        assert.equal(await call.whenEnded(), 'gateway-hung-up');
        assert.equal(rig.screens[0]?.attributes['token_status'], 'valid');
        assert.doesNotMatch(await rig.running.metrics.text(), /connection_failures_total\{[^}]*\} [1-9]/);
      });
    });
  }

  for (const pipeline of [true, false]) {
    const way = pipeline ? 'through the pipeline' : 'through the direct bridge';
    test(`a caller of whom Nova writes nothing is answered, and gets a human when the model calls one, ${way}`, async () => {
      const says = ['When do you open?', 'And on Sundays?', 'Really?', 'Where are you?', 'A human, please.'];
      const brain = scriptedBrain([
        'Hello.',
        'At nine.',
        'At ten.',
        'Really.',
        'In the High Street.',
        [callTool('transfer_to_human', { reason: 'billing' })],
      ]);
      await withModel({ model: 'nova', pipeline, says, brain, nova: { callerTexts: false } }, async (rig) => {
        const { call, hearing } = rig.place();
        await heardMore(hearing, 0, 'the greeting');
        for (let question = 1; question < says.length; question++) {
          const beforeMs = hearing.loudMs;
          await speak(call);
          await heardMore(hearing, beforeMs, `answer ${question}`);
        }
        assert.match(
          await rig.running.metrics.text(),
          /anomalies_total\{provider="nova",kind="transcription-blind"\} 1/,
        );
        await speak(call);
        assert.equal(await call.whenEnded(), 'gateway-hung-up');
        assert.deepEqual(escalationsOf(rig), ['tool']);
        assert.equal(rig.screens[0]?.attributes['token_status'], 'valid');
        assert.ok(turnsOf(rig).every((turn) => turn.startsWith('assistant: ')));
      });
    });
  }

  for (const model of ['openai', 'openai-live', 'nova'] as const) {
    test(`${model}: pipeline and direct bridge produce the same transcript, the same sound and the same handover`, async () => {
      const [pipeline, direct] = await Promise.all([wholeCall(model, true), wholeCall(model, false)]);
      assert.deepEqual(pipeline, direct);
    });
  }

  for (const [model, nova, when] of [
    ['openai', {}, ''],
    ['openai-live', {}, ''],
    ['nova', {}, ''],
    ['nova', { headers: 'with-first-output' }, ', though a new session sends nothing before somebody speaks'],
  ] as const) {
    test(`${model}: a call survives ten renewals, and the model says nothing twice and forgets nothing${when}`, async () => {
      // A session that sends nothing counts as open after 1.5 s.
      const pauseMs = when === '' ? 1800 : 3600;
      const says = Array.from({ length: 20 }, (_, i) => `Question number ${i}.`);
      let answers = 0;
      const brain = scriptedBrain([]);
      await withModel(
        {
          model,
          nova,
          says,
          // A brain for each session, so that a session knows only what it was told.
          brain: () => ({
            ...brain(),
            decide: (turn) =>
              turn.type === 'spoken'
                ? [speaks(`Answer number ${answers++}.`, { durationMs: 300 })]
                : [speaks('Hello.', { durationMs: 300 })],
          }),
          env: {
            OPENAI_RENEW_AFTER_SECONDS: '1',
            OPENAI_LIVE_RENEW_AFTER_SECONDS: '1',
            NOVA_RENEW_AFTER_SECONDS: '1',
          },
        },
        async (rig) => {
          const { call, hearing } = rig.place();
          const renewals = async (): Promise<number> =>
            Number(/voice_provider_renewals_total\{[^}]*\} (\d+)/.exec(await rig.running.metrics.text())?.[1] ?? 0);
          await heardMore(hearing, 0, 'the greeting', 100);
          let asked = 0;
          while ((await renewals()) < 10) {
            assert.ok(asked < says.length, 'too few renewals');
            const beforeMs = hearing.loudMs;
            await speak(call, 300);
            asked++;
            await heardMore(hearing, beforeMs, `answer ${asked}`, pauseMs);
          }
          const expected = Array.from({ length: asked }, (_, i) => [
            `caller: Question number ${i}.`,
            `assistant: Answer number ${i}.`,
          ]).flat();
          assert.deepEqual(turnsOf(rig).slice(1), expected);
          assert.equal(answers, asked);
          assert.ok(Math.abs(hearing.loudMs - 300 * (asked + 1)) <= 20 * (asked + 1), `${hearing.loudMs} ms of sound`);
          // One more session may have been opened, and be told only now.
          await until(
            () => rig.memory().some((turn) => turn.includes('Question number 0')),
            'the first question in the memory of the last session',
          );
          assert.doesNotMatch(await rig.running.metrics.text(), /connection_failures_total\{.*\} [1-9]/);
          call.hangup();
        },
      );
    });
  }
});
