import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { demoBrain } from '../sim/model/demo-brain.js';
import { type BrainFactory, callTool, speak as speaks } from '../sim/model/script.js';
import { Hearing, type Model, type ModelRig, heardMore, speak, startModelRig } from './support/model-rig.js';
import { OUTBOUND_ENV, OWN_NUMBER, WANTED, answering, postCall } from './support/outbound-rig.js';
import { until } from './support/rig.js';

// Calls that the gateway makes, with hosted models on their real protocols.

/** Does what it is told, and notes that a person does not want to be called. */
const obedient: BrainFactory = () => {
  const demo = demoBrain();
  return {
    decide: (turn, situation) => {
      if (turn.type === 'spoken') return [callTool('do_not_call')];
      if (turn.type === 'tool-result') return [speaks('I have noted that.', { durationMs: 400 })];
      return demo.decide(turn, situation);
    },
  };
};

async function withModel(model: Model, pipeline: boolean, body: (rig: ModelRig) => Promise<void>): Promise<void> {
  const rig = await startModelRig({
    model,
    pipeline,
    says: ['Please do not call me again.'],
    brain: obedient,
    env: OUTBOUND_ENV,
    outbound: { rest: { numbers: [{ phoneNumber: OWN_NUMBER }] }, callee: () => answering() },
  });
  try {
    await body(rig);
  } finally {
    await rig.close();
  }
}

for (const model of ['openai', 'nova'] as const) {
  describe(`outbound calls with ${model}`, () => {
    for (const pipeline of [true, false]) {
      const way = pipeline ? 'the pipeline' : 'the bridge';
      test(`${model} through ${way}: the person hears who calls, and is noted as one not to be called`, async () => {
        await withModel(model, pipeline, async (rig) => {
          const answer = await postCall(rig);
          assert.equal(answer.status, 202, answer.text);
          await until(() => rig.carrier.all.length === 1, 'the call');
          const [call] = rig.carrier.all;
          assert.ok(call !== undefined);
          const hearing = new Hearing(call);
          await heardMore(hearing, 0, 'the first words');
          const [first] = rig.events.flatMap((event) => (event.type === 'turn' ? [event.turn] : []));
          assert.equal(first?.speaker, 'assistant');
          assert.match(first.text, /automated assistant, calling for/);
          const beforeMs = hearing.loudMs;
          await speak(call);
          await heardMore(hearing, beforeMs, 'the confirmation');
          call.hangup();
          await until(() => rig.events.some(({ type }) => type === 'ended'), 'the end');
          let error: unknown;
          await until(() => rig.log().includes('the person is on the do-not-call list'), 'the list');
          for (let tries = 0; error !== 'do_not_call'; tries++) {
            assert.ok(tries < 500, String(error));
            error = (await postCall(rig, WANTED)).json()['error'];
          }
        });
      });
    }
  });
}
