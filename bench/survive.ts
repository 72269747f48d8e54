import { type Fleet, type FleetCall, type Instance, busiest, numbersTold, startFleet } from '../test/fleet.js';
import { until } from '../test/rig.js';
import { median, quantile } from './quantile.js';

const CALLS = 100;
/** Calls rung one after another: together they would measure the machine. */
const RING_EVERY_MS = 60;
const BOUND_MS = 60_000;

/** What callers notice when one of two gateways is killed or stopped, and when Redis is gone for a moment. */
export async function survive(): Promise<void> {
  console.log(
    `${CALLS} calls over two gateways, a Redis between; simulated model and carrier in a third process, in real time.`,
  );
  for (const pipeline of ['true', 'false']) {
    const mode = pipeline === 'true' ? 'pipeline' : 'direct';
    await show(`one gateway killed (${mode})`, { USE_PIPECAT: pipeline }, (instance) => instance.kill());
  }
  await show('one gateway stopped', { DRAIN_SECONDS: '15' }, (instance) => instance.stop());
  await show('Redis killed and started again, then one gateway killed', {}, async (instance, fleet) => {
    await fleet.redis.kill();
    await fleet.redis.start();
    await pause(2500);
    await instance.kill();
  });
}

async function show(
  what: string,
  env: Record<string, string>,
  happen: (instance: Instance, fleet: Fleet) => Promise<unknown>,
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
    const before = fleet.model.sessions.length;
    const streams = await instance.streams();
    // In the middle of what half of them are being told.
    for (const call of calls.slice(0, CALLS / 2)) await call.speak();
    await pause(1500);
    const heardBefore = calls.map(({ loudMs }) => loudMs);
    const atMs = performance.now();
    const gaps = gapsAfter(calls, atMs);
    await happen(instance, fleet);
    await pause(2500);
    for (const call of calls) if (call.lastSoundMs < performance.now() - 2500) await call.speak();
    await heard(calls, (index) => (heardBefore[index] ?? 0) + 300, 'everybody to hear something');
    await pause(3000);
    const lost = calls.filter(({ call }) => call.isOver).length;
    const after = numbersTold(fleet.model, before);
    const wrong = [...after].filter((number) => !told.has(number)).length;
    const moved = gaps();
    console.log(
      `${what}: ${streams} streams on it; ${CALLS - lost} of ${CALLS} calls go on; ${after.size} answered from memory afterwards, ` +
        `${wrong} wrongly. To the next sound: median ${median(moved).toFixed(0)} ms, p99 ${quantile(moved, 0.99).toFixed(0)} ms (${moved.length} calls).`,
    );
  } finally {
    await fleet.close();
  }
}

/** For each call whose stream ends from now on: milliseconds until it hears something in its next stream. */
function gapsAfter(calls: readonly FleetCall[], atMs: number): () => number[] {
  const gaps: number[] = [];
  for (const seen of calls) {
    let restartedMs: number | undefined;
    seen.call.on('stream-started', () => (restartedMs = performance.now()));
    seen.call.on('heard', () => {
      if (restartedMs === undefined || seen.lastSoundMs < restartedMs) return;
      gaps.push(seen.lastSoundMs - atMs);
      restartedMs = Number.POSITIVE_INFINITY;
    });
  }
  return () => gaps;
}

async function heard(calls: readonly FleetCall[], loudMs: (index: number) => number, what: string): Promise<void> {
  await until(() => calls.every((call, index) => call.loudMs >= loudMs(index)), what, BOUND_MS);
}

function pause(delayMs: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, delayMs);
  });
}
