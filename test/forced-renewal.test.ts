import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { scriptedBrain, speak as speaks } from '../sim/model/script.js';
import { heardMore, type Model, type ModelRig, speak, startModelRig } from './support/model-rig.js';
import { until } from './support/rig.js';

const SPEED = 16;

/** Those whose simulators let a session be brief. */
type Brief = Exclude<Model, 'openai-live'>;

/** When a session should be renewed in a pause, and when without one, by the shortest time that the gateway believes. */
const TIMES: Readonly<Record<Brief, { afterMs: number; forcedMs: number }>> = {
  // A session of 310 s.
  openai: { afterMs: 283_000, forcedMs: 294_500 },
  // Credentials that end within a minute.
  nova: { afterMs: 60_000, forcedMs: 60_000 },
};

/** Starts a rig whose sessions must end early, and has it learn so from a first call. */
async function startBrief(model: Brief, pipeline: boolean): Promise<ModelRig> {
  if (model === 'nova') process.env['AWS_CREDENTIAL_EXPIRATION'] = new Date(Date.now() + 80_000).toISOString();
  let answers = 0;
  const brain = scriptedBrain([]);
  const rig = await startModelRig({
    model,
    pipeline,
    speed: SPEED,
    says: ['Where is my order?'],
    openai: { sessionSeconds: 310 },
    // Nobody asks a caller who is silent for minutes whether they are still there.
    env: { IDLE_PROMPT_SECONDS: '0' },
    // A brain for each session, so that a session knows only what it was told.
    brain: () => ({
      ...brain(),
      decide: (turn) =>
        turn.type === 'spoken'
          ? [speaks(`Answer number ${++answers}.`, { durationMs: 600 })]
          : [speaks('Hello.', { durationMs: 600 })],
    }),
  });
  const { call, hearing } = rig.place();
  await heardMore(hearing, 0, 'the greeting');
  call.hangup();
  await until(() => rig.running.gateway.activeCalls === 0, 'the end of the first call');
  rig.events.length = 0;
  return rig;
}

describe('a session that must end while the caller speaks', { concurrency: 4 }, () => {
  for (const model of ['openai', 'nova'] as const)
    for (const pipeline of [true, false])
      test(`${model}: the next session hears the question and answers it once, ${pipeline ? 'through the pipeline' : 'through the direct bridge'}`, async () => {
        const rig = await startBrief(model, pipeline);
        try {
          const { afterMs, forcedMs } = TIMES[model];
          const { call, hearing } = rig.place();
          let heardMs = 0;
          call.on('heard', () => (heardMs += 20));
          await heardMore(hearing, 0, 'the greeting');
          const renewals = async (): Promise<number> =>
            Number(/voice_provider_renewals_total\{[^}]*\} (\d+)/.exec(await rig.running.metrics.text())?.[1] ?? 0);
          await until(() => heardMs > afterMs - 1000, 'the last seconds of the session');
          assert.equal(await renewals(), 0);
          const beforeMs = hearing.loudMs;
          const speechMs = forcedMs - afterMs + 5000;
          await speak(call, speechMs);
          await heardMore(hearing, beforeMs, 'the answer');
          assert.equal(await renewals(), 1);
          // Ten seconds from before the renewal are kept.
          assert.ok(rig.soundMs() >= Math.min(speechMs, 10_000 + 3000), `${rig.soundMs()} ms of the question`);
          const turns = rig.events.flatMap((event) => (event.type === 'turn' ? [event.turn.text] : []));
          assert.deepEqual(turns, ['Hello.', 'Where is my order?', 'Answer number 1.']);
          // Nobody speaks over the caller, and nothing is said twice.
          assert.ok(Math.abs(hearing.loudMs - beforeMs - 600) <= 40, `${hearing.loudMs - beforeMs} ms of sound`);
          assert.doesNotMatch(await rig.running.metrics.text(), /connection_failures_total\{.*\} [1-9]/);
          call.hangup();
        } finally {
          delete process.env['AWS_CREDENTIAL_EXPIRATION'];
          await rig.close();
        }
      });
});
