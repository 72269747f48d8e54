import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { within } from './support/deadline.js';
import { type Pair, withPair } from './support/gateway-pair.js';
import { RedisServer, skipWithoutRedis } from './support/redis-server.js';
import { type Rig, until } from './support/rig.js';

const HOUR_MS = 3_600_000;
/** How long the caller may talk to the assistant. */
const LIMIT_MS = 400_000;
/** How long they talk before the call changes its gateway. Redis counts real time, so a part of the change is not counted. */
const BEFORE_MS = 200_000;
const SLACK_MS = 100_000;

const greeted = (rig: Rig): Promise<void> =>
  until(() => rig.events.some(({ type }) => type === 'turn'), 'the greeting');

describe('two gateways whose clocks differ', { concurrency: true, skip: skipWithoutRedis }, () => {
  let redis: RedisServer;
  before(async () => {
    redis = await RedisServer.start();
  });
  after(() => redis.stop());

  for (const pipeline of [true, false]) {
    for (const [how, secondAheadMs] of [
      ['an hour ahead', HOUR_MS],
      ['an hour behind', -HOUR_MS],
    ] as const) {
      const options = { pipeline, secondAheadMs };
      const mode = pipeline ? 'the pipeline' : 'the bridge';

      test(`a call that a gateway takes over whose clock is ${how} has the time left that it had, in ${mode}`, () =>
        withPair(redis.url, { ...options, env: { MAX_CALL_SECONDS: String(LIMIT_MS / 1000) } }, async (pair) => {
          const limit = { reachedMs: 0 };
          pair.second.running.gateway.watch((event) => {
            if (event.type === 'escalated' && event.escalation.reason === 'call_limit')
              limit.reachedMs = pair.clock.now();
          });
          await greeted(pair.first);
          const startedMs = pair.clock.now();
          await pair.clock.skip(BEFORE_MS);
          await moveToSecond(pair);
          await pair.clock.skip(20_000);
          assert.equal(limit.reachedMs, 0, 'the call has time left');
          await pair.clock.skip(LIMIT_MS);
          await until(() => limit.reachedMs > 0, 'the limit');
          const lastedMs = limit.reachedMs - startedMs;
          assert.ok(lastedMs < LIMIT_MS + SLACK_MS, `${lastedMs} ms`);
          await within(pair.call.whenEnded(), 'the end');
          assert.equal(pair.first.screens.length, 1, 'an agent has the caller');
        }));

      test(`the agent gets the token of a call from a gateway whose clock is ${how}, in ${mode}`, () =>
        withPair(redis.url, options, async (pair) => {
          await greeted(pair.first);
          pair.call.on('twiml', (made) => {
            if (made === '/twilio/stream-ended') pair.asked = pair.second;
          });
          pair.first.provider.last.callerSays('I want to speak to a human agent.');
          await within(pair.call.whenEnded(), 'the end');
          assert.equal(pair.first.screens[0]?.attributes['token_status'], 'valid');
        }));
    }
  }
});

/** The caller asks something, and the stream breaks before the answer. */
async function moveToSecond(pair: Pair): Promise<void> {
  pair.first.provider.last.callerSays('My order 42 is late.');
  await until(() => pair.first.events.filter(({ type }) => type === 'turn').length > 1, 'the turn');
  pair.asked = pair.second;
  pair.call.mediaStream?.drop();
  await greeted(pair.second);
}
