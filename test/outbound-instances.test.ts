import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { IncomingLeg, PhoneEndpoint } from '../sim/twilio/phone.js';
import { type Answered, ask } from './support/asking.js';
import {
  API_TOKEN,
  OUTBOUND_ENV,
  type OutboundRig,
  WANTED,
  answering,
  freshKey,
  postCall,
  startOutbound,
  until,
} from './support/outbound-rig.js';
import { RedisServer, skipWithoutRedis } from './support/redis-server.js';
import { ACCOUNT_SID, type Rig, startRig } from './support/rig.js';
import { scaledClock } from './support/scaled-clock.js';
import { TONES } from './support/tone-engine.js';

const LIMIT = { skip: skipWithoutRedis, timeout: 120_000 };

interface Pair {
  first: OutboundRig;
  second: Rig;
  redis: RedisServer;
  /** The gateway that gets Twilio's requests. */
  asked: Rig;
}

/** Runs `body` with two gateways that share a Redis, a store and an account at Twilio. */
async function withPair(
  options: { callee?: () => PhoneEndpoint; env?: Record<string, string> },
  body: (pair: Pair) => Promise<void>,
): Promise<void> {
  const redis = await RedisServer.start();
  const clock = scaledClock(10);
  const env = {
    REDIS_URL: redis.url,
    JOURNAL_KEY: 'cd'.repeat(32),
    ...options.env,
  };
  let pair: Pair | undefined;
  const first: OutboundRig = await startOutbound({
    clock,
    engine: TONES,
    env,
    callee: options.callee ?? (() => answering()),
    carrier: { resolve: () => (pair?.asked ?? first).base },
  });
  const second = await startRig({
    clock,
    engine: TONES,
    env: {
      ...OUTBOUND_ENV,
      ...env,
      DYNAMODB_ENDPOINT_URL: first.running.embeddedStore?.dynamodb_endpoint ?? '',
      TWILIO_ACCOUNT_SID: ACCOUNT_SID,
      TWILIO_API_URL: first.restUrl ?? '',
    },
  });
  try {
    await until(
      () => [first, second].every((rig) => rig.log().includes('the journal is being written')),
      'the journal',
    );
    pair = { first, second, redis, asked: first };
    await body(pair);
  } finally {
    await first.close();
    await second.close();
    await redis.stop();
  }
}

const post = (rig: Rig, body: unknown, key = freshKey()): Promise<Answered> =>
  postCall(rig, body, { 'idempotency-key': key });

test('two instances that get the same request at the same moment make one call, and both know it', LIMIT, async () => {
  await withPair({ callee: () => ({ ring: () => undefined }) }, async ({ first, second }) => {
    const key = freshKey();
    const answers = await Promise.all([first, second, first, second].map((rig) => post(rig, WANTED, key)));
    assert.deepEqual(new Set(answers.map(({ status, text }) => `${status} ${text}`)).size, 1);
    const id = String(answers[0]?.json()['id']);
    await first.settled(id, 'ringing');
    assert.equal(first.made().length, 1);
    const authorization = `Bearer ${API_TOKEN}`;
    const seen = await ask(second.base, `/api/calls/${id}`, { headers: { authorization } });
    assert.equal(seen.json()['status'], 'ringing');
    const other = await post(second, { ...WANTED, machine: 'talk' }, key);
    assert.equal(other.status, 409);
  });
});

test('limits hold over all instances, and the list of those not to be called does', LIMIT, async () => {
  const env = { OUTBOUND_CALLS_PER_MINUTE: '2' };
  await withPair({ env, callee: () => ({ ring: () => undefined }) }, async ({ first, second }) => {
    assert.equal((await post(first, WANTED)).status, 202);
    assert.equal((await post(second, WANTED)).json()['error'], 'number_limit');
    assert.equal((await post(second, { ...WANTED, to: '+12025550178' })).status, 202);
    assert.equal((await post(first, { ...WANTED, to: '+12025550179' })).json()['error'], 'minute_limit');
  });
});

test('an instance acts on what another one was told of its machine, and keeps the call', LIMIT, async () => {
  const callee = (): PhoneEndpoint => answering({ as: 'machine_end_beep', afterMs: 8000 });
  await withPair({ callee }, async (pair) => {
    const { first, second } = pair;
    await post(first, { ...WANTED, machine: 'message' });
    await until(() => first.events.some(({ type }) => type === 'stream-started'), 'the stream');
    // From now on the other instance gets Twilio's requests.
    pair.asked = second;
    await until(() => first.provider.last.said.length > 0, 'the message');
    pair.asked = first;
    assert.equal(await first.made()[0]?.whenEnded(), 'gateway-hung-up');
    assert.equal(first.events.find((event) => event.type === 'ended')?.outcome, 'message_left');
    assert.equal(second.events.length, 0);
  });
});

test('another instance takes over an outbound call with its introduction and its data', LIMIT, async () => {
  await withPair({}, async (pair) => {
    const { first, second } = pair;
    await post(first, WANTED);
    await until(() => first.events.some(({ type }) => type === 'turn'), 'the first words');
    first.provider.last.callerSays('Which appointment?');
    await new Promise((resolve) => void setTimeout(resolve, 300));
    pair.asked = second;
    first.made()[0]?.mediaStream?.drop();
    await until(() => second.provider.sessions.length === 1, 'a session of the other instance');
    const { callerNumber, conversation, instructions } = second.provider.last.options;
    assert.equal(callerNumber, WANTED.to);
    assert.match(instructions, /you have called this person for .*<call_data>.*Tuesday at nine/s);
    assert.ok(conversation.turns.some(({ text }) => text === 'Which appointment?'));
    await until(() => second.events.some(({ type }) => type === 'stream-started'), 'its stream');
    first.made()[0]?.hangup();
    await until(() => second.events.some(({ type }) => type === 'ended'), 'the end');
  });
});

test('a person who answers while no instance can know why is told who called', LIMIT, async () => {
  let leg: IncomingLeg | undefined;
  await withPair({ callee: () => ({ ring: (ringing) => (leg = ringing) }) }, async (pair) => {
    const { first, redis, second } = pair;
    const id = String((await post(first, WANTED)).json()['id']);
    await first.settled(id, 'ringing');
    await redis.stop();
    pair.asked = second;
    const said: string[] = [];
    first.made()[0]?.on('say', (text) => said.push(text));
    leg?.answer();
    assert.equal(await first.made()[0]?.whenEnded(), 'gateway-hung-up');
    assert.match(said.join(), /automated assistant, calling for .* I have a technical problem/);
    assert.deepEqual([first.provider.sessions.length, second.provider.sessions.length], [0, 0]);
  });
});

test('without Redis no call is made, and nothing is known of those that were', LIMIT, async () => {
  await withPair({ callee: () => ({ ring: () => undefined }) }, async ({ first, redis }) => {
    const id = String((await post(first, WANTED)).json()['id']);
    await first.settled(id, 'ringing');
    await redis.stop();
    const refused = await post(first, { ...WANTED, to: '+12025550178' });
    assert.deepEqual([refused.status, refused.json()['error']], [503, 'unavailable']);
    assert.equal((await first.read(id)).status, 503);
    assert.equal(first.made().length, 1);
  });
});
