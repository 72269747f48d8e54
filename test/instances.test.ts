import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Fleet, type FleetCall, busiest, numbersTold, startFleet } from './support/fleet.js';
import { skipWithoutRedis } from './support/redis-server.js';
import { until } from './support/rig.js';

const CALLS = 4;
const OPTIONS = { skip: skipWithoutRedis };

async function withFleet(env: Record<string, string>, body: (fleet: Fleet, calls: FleetCall[]) => Promise<void>) {
  const fleet = await startFleet({ size: 2, callers: CALLS, env });
  try {
    const calls = Array.from({ length: CALLS }, () => fleet.place());
    await heard(calls, 200, 'the greeting');
    for (const call of calls) await call.speak();
    await heard(calls, 1400, 'each number told');
    assert.equal(numbersTold(fleet.model).size, CALLS);
    await body(fleet, calls);
  } finally {
    await fleet.close();
  }
}

/** Waits until every call has a stream on the remaining gateways, because speech between two streams is lost. */
async function streamsBack({ instances }: Fleet): Promise<void> {
  const left = instances.filter(({ isReady }) => isReady);
  let streams = 0;
  for (let tries = 0; tries < 600 && streams < CALLS; tries++) {
    const counts = await Promise.all(left.map((instance) => instance.streams()));
    streams = counts.reduce((sum, count) => sum + count, 0);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  assert.equal(streams, CALLS, 'every call has a stream');
}

/** Number of calls that the remaining gateways continued for this cause, by their metrics. */
async function resumesOf({ instances }: Fleet, cause: string): Promise<number> {
  const texts = await Promise.all(instances.filter(({ isReady }) => isReady).map((instance) => instance.metrics()));
  const line = new RegExp(`^gateway_resumes_total\\{cause="${cause}"\\} (\\d+)$`, 'm');
  return texts.reduce((sum, text) => sum + Number(line.exec(text)?.[1] ?? 0), 0);
}

/** Waits until every caller has heard `loudMs` of sound. */
function heard(calls: readonly FleetCall[], loudMs: number | ((index: number) => number), what: string): Promise<void> {
  const wanted = typeof loudMs === 'number' ? () => loudMs : loudMs;
  return until(() => calls.every((call, index) => call.loudMs >= wanted(index)), what);
}

describe('several instances', { concurrency: true }, () => {
  test('an instance killed after a Redis restart loses neither calls nor their memory', OPTIONS, async () => {
    await withFleet({ USE_PIPECAT: 'true' }, async (fleet, calls) => {
      const before = fleet.model.sessions.length;
      const told = numbersTold(fleet.model);
      // Redis has lost its data, so the gateways write it again.
      await fleet.redis.kill();
      await fleet.redis.start();
      await until(
        () => fleet.instances.every(({ log }) => log.split('the journal is being written').length > 2),
        'Redis',
      );
      await (await busiest(fleet.instances)).kill();
      await streamsBack(fleet);
      await until(() => fleet.model.sessions.length > before, 'a call resumes');
      const own = calls.map(({ loudMs }) => loudMs);
      for (const call of calls) await call.speak();
      await heard(calls, (index) => (own[index] ?? 0) + 1000, 'an answer for every caller');
      for (const { call } of calls) assert.equal(call.isOver, false);
      const afterwards = numbersTold(fleet.model, before);
      assert.ok(afterwards.size > 0);
      for (const number of afterwards) assert.ok(told.has(number), `${number} is made up`);
      assert.ok((await resumesOf(fleet, 'instance_lost')) > 0);
    });
  });

  test('a stalled instance ends itself, and its calls resume with their memory', OPTIONS, async () => {
    await withFleet({ MAX_STALL_SECONDS: '3' }, async (fleet, calls) => {
      const before = fleet.model.sessions.length;
      const told = numbersTold(fleet.model);
      const still = await busiest(fleet.instances);
      assert.equal(await still.hang(), 'SIGKILL');
      assert.match(still.log, /"level":"fatal".*the event loop stands still/);
      await streamsBack(fleet);
      await until(() => fleet.model.sessions.length > before, 'a call resumes');
      const own = calls.map(({ loudMs }) => loudMs);
      for (const call of calls) await call.speak();
      await heard(calls, (index) => (own[index] ?? 0) + 1000, 'an answer for every caller');
      for (const number of numbersTold(fleet.model, before)) assert.ok(told.has(number), `${number} is made up`);
    });
  });

  test('a stopped instance moves its calls in a pause, and no caller hears of it', OPTIONS, async () => {
    await withFleet({ DRAIN_SECONDS: '5', USE_PIPECAT: 'false' }, async (fleet, calls) => {
      const before = fleet.model.sessions.length;
      await until(() => calls.every(({ lastSoundMs }) => performance.now() - lastSoundMs > 400), 'the pause');
      const own = calls.map(({ loudMs }) => loudMs);
      const code = await (await busiest(fleet.instances)).stop();
      assert.equal(code, 0);
      await streamsBack(fleet);
      await until(() => fleet.model.sessions.length > before, 'a call resumes elsewhere');
      await new Promise((resolve) => setTimeout(resolve, 500));
      assert.deepEqual(
        calls.map(({ loudMs }) => loudMs),
        own,
        'nothing is said about the move',
      );
      for (const call of calls) await call.speak();
      await heard(calls, (index) => (own[index] ?? 0) + 1000, 'an answer for every caller');
      assert.equal(numbersTold(fleet.model).size, CALLS);
      assert.ok((await resumesOf(fleet, 'moved')) > 0);
    });
  });
});
