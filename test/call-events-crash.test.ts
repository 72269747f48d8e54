import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { describe, test } from 'node:test';
import { EventReceiver } from '../sim/hooks/event-receiver.js';
import { systemClock } from '../src/base/clock.js';
import { type Fleet, type FleetCall, type Instance, busiest, startFleet } from './support/fleet.js';
import { skipWithoutRedis } from './support/redis-server.js';
import { until } from './support/rig.js';

const SECRET = 'events-secret-0123456789';

/** Runs `body` with two gateways in processes of their own, a call, and a receiver that is down until `up` is called. */
async function withFleet(
  pipeline: boolean,
  body: (fleet: Fleet, call: FleetCall, up: () => Promise<EventReceiver>) => Promise<void>,
): Promise<void> {
  // Holds the port, because a program that gets it meanwhile might take the events.
  const down = createServer((socket) => socket.destroy()).listen(0, '127.0.0.1');
  await once(down, 'listening');
  const { port } = down.address() as AddressInfo;
  const env = {
    USE_PIPECAT: String(pipeline),
    CALL_EVENTS_URL: `http://127.0.0.1:${port}/call-events`,
    CALL_EVENTS_SECRET: SECRET,
  };
  const fleet = await startFleet({ size: 2, callers: 1, env });
  let receiver: EventReceiver | undefined;
  try {
    const call = fleet.place();
    await until(() => call.loudMs >= 200, 'the greeting');
    await body(fleet, call, async () => {
      down.close();
      await once(down, 'close');
      receiver = await new EventReceiver({ secret: SECRET, port, clock: systemClock }).start();
      return receiver;
    });
    assert.deepEqual(receiver?.refusals, []);
  } finally {
    await fleet.close();
    await receiver?.close();
    down.close();
  }
}

/** Returns the instance that has tried to send an event. Twilio's webhook and its stream may have come to different ones. */
function tried({ instances }: Fleet): Instance | undefined {
  return instances.find(({ log }) => log.includes('was not taken'));
}

async function endOf(receiver: EventReceiver): Promise<string[]> {
  await until(() => receiver.events.some(({ type }) => type === 'call.ended'), 'the last event');
  return receiver.events.map(({ sequence, type }) => `${sequence} ${type}`);
}

describe('events of calls whose gateway is killed', { concurrency: true, skip: skipWithoutRedis }, () => {
  for (const pipeline of [true, false]) {
    const mode = pipeline ? 'through the pipeline' : 'through the direct bridge';

    test(`a call that outlives its gateway has one start and one end for a receiver that was down, ${mode}`, async () => {
      await withFleet(pipeline, async (fleet, { call }, up) => {
        await until(() => tried(fleet) !== undefined, 'the first try');
        await (await busiest(fleet.instances)).kill();
        const [second] = fleet.instances.filter(({ isReady }) => isReady);
        await until(() => second?.log.includes('stream started') === true, 'the call continues');
        call.hangup();
        await until(() => second?.log.includes('call ended') === true, 'the end');
        assert.deepEqual(await endOf(await up()), ['1 call.started', '2 call.ended']);
      });
    });
  }

  test('the events of a call that was over when its gateway was killed are sent by another one', async () => {
    await withFleet(true, async (fleet, { call }, up) => {
      const first = await busiest(fleet.instances);
      call.hangup();
      await until(() => first.log.includes('call ended'), 'the end');
      await until(() => tried(fleet) !== undefined, 'the first try');
      // What was told at the end is on its way to the journal.
      await new Promise((resolve) => setTimeout(resolve, 1000));
      await tried(fleet)?.kill();
      assert.deepEqual(await endOf(await up()), ['1 call.started', '2 call.ended']);
    });
  });
});
