import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { demoBrain } from '../sim/model/demo-brain.js';
import { type BrainFactory, callTool, speak as speaks } from '../sim/model/script.js';
import { heardMore, speak, startModelRig } from './support/model-rig.js';
import { SecretTaker } from './support/recorded-call.js';
import { until } from './support/rig.js';

const PIN = '73928';

describe('recordings and secrets with hosted models', { concurrency: 2 }, () => {
  for (const model of ['openai', 'nova'] as const) {
    for (const pipeline of [true, false]) {
      const mode = pipeline ? 'through the pipeline' : 'through the direct bridge';
      test(`${model} greets with the line, the call is recorded, and a PIN reaches the operator's function alone, ${mode}`, async () => {
        const taker = new SecretTaker();
        const results: string[] = [];
        const brain: BrainFactory = () => {
          const demo = demoBrain();
          return {
            decide: (turn, situation) => {
              if (turn.type === 'spoken')
                return [callTool('collect_secret', { purpose: 'the PIN', length: PIN.length })];
              if (turn.type !== 'tool-result') return demo.decide(turn, situation);
              results.push(turn.output);
              return [speaks('Thank you.', { durationMs: 400 })];
            },
          };
        };
        const rig = await startModelRig({
          model,
          pipeline,
          brain,
          says: ['I want to pay.'],
          env: { CALL_RECORDING: 'announced', HANDOVER_MODE: 'twiml' },
          outbound: { rest: {} },
          onSecret: taker.onSecret,
        });
        try {
          const { call, hearing } = rig.place();
          await until(() => call.recordings[0]?.status === 'in-progress', 'the recording');
          const [recording] = call.recordings;
          await heardMore(hearing, 0, 'the whole greeting');
          const beforeMs = hearing.loudMs;
          await speak(call);
          await until(() => recording?.status === 'paused', 'the pause');
          await until(() => hearing.loudMs > beforeMs + 100, 'the question');
          for (const key of `${PIN}#`) call.pressDigit(key);
          await until(() => results.length === 1, 'the result');
          assert.match(results[0] ?? '', /collected.*accepted/);
          assert.deepEqual(taker.digits, [PIN]);
          await until(() => recording?.status === 'in-progress', 'the recording goes on');
          assert.deepEqual(recording?.keys, []);
          assert.doesNotMatch(rig.memory().join(), new RegExp(PIN));
        } finally {
          await rig.close();
        }
      });
    }
  }
});
