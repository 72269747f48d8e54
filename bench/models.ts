import { type Model, type ModelRigOptions, heardMore, speak, startModelRig } from '../test/support/model-rig.js';
import { until } from '../test/support/rig.js';
import { line } from './line.js';

/**
 * What a caller notices when a hosted model's session is lost or renewed: both simulators on their real protocols, gateway, carrier
 * and model in this process, in real time. The model itself answers at once, so these are the gateway's and the wire's own times.
 */
export async function models(): Promise<void> {
  console.log('Milliseconds; p50 / worst of n. The simulated model takes no time to think.');
  for (const model of ['openai', 'nova'] as const) {
    for (const pipeline of [true, false]) console.log((await measure({ model, pipeline })).join('\n'));
  }
}

/** The lines of one model through one kind of gateway. */
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
    line(name, 'silence: session reset in a word, same provider', reconnects),
    line(name, 'silence: provider gone in a word, next provider', failovers),
    line(name, 'end of speech → answer, without renewal', without.answerMs),
    line(name, `end of speech → answer, ${renewals} renewals between`, answerMs),
  ];
}

const CALLS = 1;
const QUESTION = 'What are your opening hours?';
/** The simulated Nova takes 0.6 s before it speaks, as the real one does at best, unless it is told to. */
const AT_ONCE = { nova: { replyDelayMs: 0 } } as const;
const says = Array.from({ length: 40 }, () => QUESTION);

/** The silence in the caller's ear where the session was lost, in the middle of a word. */
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

/** From the end of what the caller says to the first sound of the answer, less the pause the model waits for. */
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
