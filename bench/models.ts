import { type Model, type ModelRigOptions, heardMore, speak, startModelRig } from '../test/support/model-rig.js';
import { until } from '../test/support/rig.js';
import { summaryLine } from './summary-line.js';

// The section `models`: what a caller notices when a session with a hosted model is lost or renewed.

const CALLS = 1;
const QUESTION = 'What are your opening hours?';
/** Removes the simulated Nova's delay of 0.6 s before it speaks, which is the real Nova's best. */
const AT_ONCE = { nova: { replyDelayMs: 0 } } as const;
const says = Array.from({ length: 40 }, () => QUESTION);

/**
 * Measures what a caller notices when a hosted model's session is lost or renewed. Gateway, carrier and both simulators, on their
 * real protocols, run in this process in real time. The model answers at once, so these are the times of the gateway and the wire.
 */
export async function models(): Promise<void> {
  console.log('Milliseconds; p50 / worst of n. The simulated model takes no time to think.');
  for (const model of ['openai', 'nova'] as const) {
    for (const pipeline of [true, false]) console.log((await measure({ model, pipeline })).join('\n'));
  }
}

/** Resolves with the report on one model through one kind of gateway. */
async function measure({ model, pipeline }: { model: Model; pipeline: boolean }): Promise<string[]> {
  const name = `${model}, ${pipeline ? 'pipeline' : 'direct'}`;
  const reconnects = await gaps(model, pipeline, 'reconnect');
  const failovers = await gaps(model, pipeline, 'failover');
  const [without, renewed] = await Promise.all([
    answers({ model, pipeline }),
    answers({ model, pipeline, renewAfterSeconds: 3 }),
  ]);
  const { answerMs, renewals } = renewed;
  return [
    summaryLine(name, 'silence: session reset mid-word, same provider', reconnects),
    summaryLine(name, 'silence: provider gone mid-word, next provider', failovers),
    summaryLine(name, 'end of speech → answer, without renewal', without.answerMs),
    summaryLine(name, `end of speech → answer, ${renewals} renewals between`, answerMs),
  ];
}

/** Measures the silence that the caller hears when the session is lost in the middle of a word. */
async function gaps(model: Model, pipeline: boolean, kind: 'reconnect' | 'failover'): Promise<number[]> {
  const result: number[] = [];
  for (let n = 0; n < CALLS; n++) {
    const rig = await startModelRig({
      model,
      pipeline,
      ...AT_ONCE,
      says,
      isRealTime: true,
      faults: [
        { when: { at: 'answer', ms: 1500, turn: 2 }, fault: { type: 'reset' }, session: 1 },
        ...(kind === 'failover'
          ? [2, 3, 4, 5].map((session) => ({
              when: { at: 'connect' as const },
              fault: { type: 'refuse' as const, status: 403 },
              session,
            }))
          : []),
      ],
      ...(kind === 'failover' ? { env: { VOICE_FALLBACK: 'local' } } : {}),
    });
    const { call, hearing } = rig.place();
    await heardMore(hearing, 0, 'the greeting');
    await speak(call);
    await until(() => hearing.quietMs === 0, 'the answer', 20_000);
    const beforeMs = hearing.loudMs;
    hearing.longestGapMs = 0;
    await until(() => hearing.loudMs > beforeMs + 2200, 'what comes after it', 20_000);
    result.push(hearing.longestGapMs);
    call.hangup();
    await rig.close();
  }
  return result;
}

/** Measures the time from the end of the caller's speech to the first sound of the answer, the model's pause included. */
async function answers(
  options: ModelRigOptions & { renewAfterSeconds?: number },
): Promise<{ answerMs: number[]; renewals: number }> {
  const { renewAfterSeconds } = options;
  const renew = {
    OPENAI_RENEW_AFTER_SECONDS: String(renewAfterSeconds),
    NOVA_RENEW_AFTER_SECONDS: String(renewAfterSeconds),
  };
  const rig = await startModelRig({
    ...options,
    ...AT_ONCE,
    says,
    isRealTime: true,
    ...(renewAfterSeconds === undefined ? {} : { env: renew }),
  });
  const answerMs: number[] = [];
  const { call, hearing } = rig.place();
  await heardMore(hearing, 0, 'the greeting');
  for (let i = 0; i < 5; i++) {
    await speak(call);
    await until(() => (call.mediaStream?.unspokenBytes ?? 0) === 0, 'the end of the question');
    const endedMs = performance.now();
    await until(() => hearing.quietMs === 0, 'the answer', 20_000);
    answerMs.push(performance.now() - endedMs);
    await until(() => hearing.quietMs > 700, 'its end', 30_000);
  }
  const text = await rig.running.metrics.text();
  const renewals = Number(/voice_provider_renewals_total\{[^}]*\} (\d+)/.exec(text)?.[1] ?? 0);
  call.hangup();
  await rig.close();
  return { answerMs, renewals };
}
