import { type Fleet, type FleetCall, type Instance, busiest, numbersTold, startFleet } from '../test/support/fleet.js';
import { until } from '../test/support/rig.js';
import { median, quantile } from './support/quantile.js';

// The section `survive`: what callers notice when an instance is lost.

const CALLS = 100;
/** Delay between calls. Calls placed together would measure the machine. */
const RING_EVERY_MS = 100;
const BOUND_MS = 60_000;

/** Measures what callers notice when one of two gateways is killed, stalls or is stopped, and when Redis is lost for a moment. */
export async function survive(): Promise<void> {
  console.log(
    `${CALLS} calls over two gateways that share a Redis. Simulated model and carrier are in a third process, in real time.`,
  );
  for (const pipeline of ['true', 'false']) {
    const mode = pipeline === 'true' ? 'pipeline' : 'direct';
    await show(`one gateway killed (${mode})`, { USE_PIPECAT: pipeline }, (_fleet, instance) => instance.kill());
  }
  await show('one gateway killed, and the load balancer notices after 2 s', {}, (_fleet, instance) =>
    instance.kill(2000),
  );
  await show('one gateway stalled', {}, (_fleet, instance) => instance.hang());
  await show('one gateway stopped', { DRAIN_SECONDS: '15' }, (_fleet, instance) => instance.stop());
  await show(
    'one gateway killed after Redis was killed and started again',
    {},
    (_fleet, instance) => instance.kill(),
    async (fleet) => {
      await fleet.redis.kill();
      await fleet.redis.start();
      // By then the gateways have noticed and have written their calls to Redis again.
      await pause(2500);
    },
  );
}

async function show(
  what: string,
  env: Record<string, string>,
  happen: (fleet: Fleet, instance: Instance) => Promise<unknown>,
  before: (fleet: Fleet) => Promise<void> = () => Promise.resolve(),
): Promise<void> {
  const fleet = await startFleet({ size: 2, callers: CALLS, env });
  try {
    const calls: FleetCall[] = [];
    for (let number = 0; number < CALLS; number++) {
      calls.push(fleet.place());
      await pause(RING_EVERY_MS);
    }
    await heard(calls, () => 200, 'the greetings');
    for (const call of calls) await call.speak();
    await heard(calls, () => 1300, 'the answers');
    const told = numbersTold(fleet.model);
    const instance = await busiest(fleet.instances);
    const sessions = fleet.model.sessions.length;
    await before(fleet);
    const streams = await instance.streams();
    // Half of the callers are in the middle of an answer.
    for (const call of calls.slice(0, CALLS / 2)) await call.speak();
    await pause(1500);
    const heardBefore = calls.map(({ loudMs }) => loudMs);
    const atMs = performance.now();
    const gaps = gapsAfter(calls, atMs);
    await happen(fleet, instance);
    await pause(2500);
    for (const call of calls) if (call.lastSoundMs < performance.now() - 2500) await call.speak();
    const hasHeard = ({ isWithHuman, loudMs }: FleetCall, index: number): boolean =>
      isWithHuman || loudMs >= (heardBefore[index] ?? 0) + 300;
    await until(() => calls.every(hasHeard), 'every caller hears something or is with an agent', BOUND_MS);
    await pause(3000);
    const toHuman = calls.filter(({ isWithHuman }) => isWithHuman).length;
    const lost = calls.filter(({ call, isWithHuman }) => call.isOver && !isWithHuman).length;
    const after = numbersTold(fleet.model, sessions);
    const wrong = [...after].filter((number) => !told.has(number)).length;
    const moved = gaps();
    console.log(
      `${what}: ${streams} streams on it; ${CALLS - lost - toHuman} of ${CALLS} calls continue, ${toHuman} with an agent, ${lost} lost; ${after.size} answered from memory afterwards, ` +
        `${wrong} wrongly. Of ${moved.length} calls, to the next stream: ${spread(moved.map(({ streamMs }) => streamMs))}; ` +
        `to the next sound: ${spread(moved.map(({ soundMs }) => soundMs))}; ` +
        `without a stream: ${spread(moved.map(({ withoutMs }) => withoutMs))}.`,
    );
  } finally {
    await fleet.close();
  }
}

interface Gap {
  /** From the event to the start of the next stream: the carrier's time and that of the gateway's answers. */
  streamMs: number;
  soundMs: number;
  /** Time without a stream. Speech is lost meanwhile. */
  withoutMs: number;
}

/** Records, for each call whose stream ends from now on, the times until its next stream and its next sound. */
function gapsAfter(calls: readonly FleetCall[], atMs: number): () => Gap[] {
  const gaps: Gap[] = [];
  for (const seen of calls) {
    let endedMs = 0;
    let restartedMs: number | undefined;
    seen.call.on('stream-ended', () => (endedMs = performance.now()));
    seen.call.on('stream-started', () => (restartedMs = performance.now()));
    seen.call.on('heard', () => {
      if (restartedMs === undefined || seen.lastSoundMs < restartedMs) return;
      gaps.push({
        streamMs: restartedMs - atMs,
        soundMs: seen.lastSoundMs - atMs,
        withoutMs: restartedMs - endedMs,
      });
      restartedMs = Number.POSITIVE_INFINITY;
    });
  }
  return () => gaps;
}

async function heard(calls: readonly FleetCall[], loudMs: (index: number) => number, what: string): Promise<void> {
  await until(() => calls.every((call, index) => call.loudMs >= loudMs(index)), what, BOUND_MS);
}

function spread(samples: readonly number[]): string {
  return `median ${median(samples).toFixed(0)} ms, p99 ${quantile(samples, 0.99).toFixed(0)} ms`;
}

function pause(delayMs: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, delayMs);
  });
}
