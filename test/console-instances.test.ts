import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CallLists, CallWithEvents, SessionAnswer } from '../src/console/messages.js';
import { type Answered, ask } from './support/asking.js';
import { watchEvents, watchSocket } from './support/console-watcher.js';
import { withPair } from './support/gateway-pair.js';
import { RedisServer, skipWithoutRedis } from './support/redis-server.js';
import { type Rig, until } from './support/rig.js';

const LIMIT = { skip: skipWithoutRedis };

async function read<T>(rig: Rig, route: string): Promise<T> {
  const answered = await ask(rig.base, `/console/api/${route}`);
  assert.equal(answered.status, 200, route);
  return answered.json() as T;
}

async function post(rig: Rig, route: string): Promise<Answered> {
  const { csrf } = await read<SessionAnswer>(rig, 'session');
  const headers = { 'content-type': 'application/json', 'x-console-csrf': csrf };
  return ask(rig.base, `/console/api/${route}`, { method: 'POST', headers, body: '{}' });
}

const greeted = (rig: Rig): Promise<void> =>
  until(() => rig.events.some(({ type }) => type === 'model-speech'), 'the greeting to be heard');

test('the console of any instance shows the calls of all in Redis, and acts on them', LIMIT, async () => {
  const redis = await RedisServer.start();
  try {
    await withPair(redis.url, { env: { CONSOLE_TRANSCRIPTS: 'true' } }, async ({ call, first, second }) => {
      await greeted(first);
      assert.equal((await read<SessionAnswer>(second, 'session')).instances, 2);
      const { calls } = await read<CallLists>(second, 'calls');
      assert.deepEqual(
        calls.map(({ callSid, state }) => [callSid, state]),
        [[call.callSid, 'talking']],
      );
      const page = await watchEvents(second.base, `?call=${call.callSid}`);
      await until(() => page.of('timeline').length > 0, 'the timeline');
      assert.equal(page.of('snapshot')[0]?.calls.length, 1);
      first.provider.last.callerSays('Where is my parcel?');
      const shown = () => JSON.stringify(page.of('timeline'));
      await until(() => shown().includes('Where is my parcel?'), 'the turn on the other instance');
      assert.equal((await post(second, `calls/${call.callSid}/actions/hangup`)).status, 202);
      await call.whenEnded();
      await until(() => page.of('batch').at(-1)?.gone[0] === call.callSid, 'the end of the call');
      const found = await read<CallWithEvents>(second, `calls/${call.callSid}`);
      assert.equal(found.call.outcome, 'operator_hung_up');
      assert.equal((await read<CallLists>(second, 'calls')).recent[0]?.callSid, call.callSid);
      assert.equal((await post(second, 'calls/CAunknown/actions/hangup')).status, 404);
      page.close();
    });
  } finally {
    await redis.stop();
  }
});

test('a call that moves to another instance stays one call in the list, with all its events', LIMIT, async () => {
  const redis = await RedisServer.start();
  try {
    await withPair(redis.url, { env: { DRAIN_SECONDS: '20' } }, async (pair) => {
      const { call, first, second } = pair;
      await greeted(first);
      const page = await watchSocket(second.base, `?call=${call.callSid}`);
      await until(() => page.of('timeline').length > 0, 'the timeline');
      pair.asked = second;
      const drained = first.running.gateway.drain(20);
      await until(() => second.events.some(({ type }) => type === 'stream-started'), 'the call to move');
      await drained;
      const kinds = () => page.of('timeline').flatMap(({ events }) => events.map(({ kind }) => kind));
      await until(() => kinds().includes('move') && kinds().includes('resume'), 'the move');
      const { calls, recent } = await read<CallLists>(second, 'calls');
      assert.deepEqual([calls.length, recent.length], [1, 0]);
      const { events } = await read<CallWithEvents>(second, `calls/${call.callSid}`);
      assert.ok(new Set(events.map(({ id }) => id.replace(/-\d+$/, ''))).size === 2, 'events of both instances');
      page.close();
      call.hangup();
    });
  } finally {
    await redis.stop();
  }
});

test('a console without Redis shows its own calls, and says of others that it is too late', LIMIT, async () => {
  const redis = await RedisServer.start();
  try {
    await withPair(redis.url, {}, async ({ call, first, second }) => {
      await greeted(first);
      await redis.kill();
      assert.equal((await read<CallLists>(first, 'calls')).calls.length, 1);
      assert.equal((await read<CallLists>(second, 'calls')).calls.length, 0);
      assert.equal((await post(second, `calls/${call.callSid}/actions/hangup`)).status, 409);
      const page = await watchEvents(first.base);
      await until(() => page.of('snapshot').length > 0, 'the snapshot');
      page.close();
      call.hangup();
    });
  } finally {
    await redis.stop();
  }
});
