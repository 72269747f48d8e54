import assert from 'node:assert/strict';
import { type AddressInfo, createServer } from 'node:net';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { FakeClock } from '../../test/support/fake-clock.js';
import { RedisServer, skipWithoutRedis } from '../../test/support/redis-server.js';
import { until } from '../../test/support/rig.js';
import { systemClock } from '../base/clock.js';
import { readRedisUrl } from '../journal/redis-url.js';
import { drawKey } from '../journal/seal.js';
import { createLogger } from '../telemetry/log.js';
import type { CallRow } from './messages.js';
import type { InstanceUpdate, Opened } from './other-instances.js';
import { RedisInstances } from './redis-instances.js';

const LIMIT = { skip: skipWithoutRedis };
const log = createLogger({ level: 'silent' });
const key = drawKey();

const row = (callSid: string): CallRow => ({
  callSid,
  instance: 'i',
  state: 'talking',
  provider: 'openai',
  startedAt: 0,
  direction: 'inbound',
  from: '+12025550123',
  to: '…',
  turns: 0,
  bargeIns: 0,
  lastTurnMs: null,
  quietForMs: 0,
  escalation: null,
  tape: false,
});

/** One instance, which answers each question with its own name. */
class Member {
  readonly others: RedisInstances;
  readonly watched: Opened[] = [];
  readonly updates: InstanceUpdate[] = [];
  isMute = false;

  constructor(url: string, name: string, { clock = systemClock, keys = [key] as const } = {}) {
    const target = readRedisUrl(url);
    assert.ok(typeof target !== 'string', url);
    this.others = new RedisInstances({ target, keys, clock, log });
    this.others.join({
      onWatched: (opened) => this.watched.push(opened),
      onWrongToken: () => undefined,
      onUpdate: (_instance, update) => this.updates.push(update),
      onLost: () => assert.fail('Redis knows of no loss'),
      answer: ({ asked, name: question }) => {
        if (this.isMute) throw new Error('mute');
        return question === 'act'
          ? asked.callSid === name
            ? 'accepted'
            : 'unknown'
          : { calls: [row(name)], recent: [] };
      },
    });
  }
}

/** Waits until each member hears the others. */
async function joined(members: readonly Member[]): Promise<void> {
  let counts: number[] = [];
  await until(() => {
    void Promise.all(members.map(({ others }) => others.count())).then((each) => (counts = each));
    return counts.length > 0 && counts.every((count) => count === members.length);
  }, 'all are subscribed');
}

for (const form of ['one process', 'behind a sentinel', 'a cluster'] as const) {
  test(`instances tell and ask each other over Redis: ${form}`, LIMIT, async () => {
    const redis = form === 'a cluster' ? await RedisServer.startCluster() : await RedisServer.start();
    const sentinel = form === 'behind a sentinel' ? await RedisServer.startSentinel(redis) : undefined;
    const url =
      form === 'a cluster'
        ? `redis+cluster://127.0.0.1:${redis.port}`
        : sentinel === undefined
          ? redis.url
          : `redis+sentinel://127.0.0.1:${sentinel.port}/mymaster`;
    const members = ['a', 'b', 'c'].map((name) => new Member(url, name));
    const [a, b, c] = members;
    assert.ok(a !== undefined && b !== undefined && c !== undefined);
    try {
      await joined(members);
      const { answers, isComplete } = await a.others.ask('lists', undefined, form === 'a cluster' ? 500 : 5000);
      assert.deepEqual(
        answers.map(({ answer }) => answer.calls[0]?.callSid).toSorted((x = '', y = '') => x.localeCompare(y)),
        ['b', 'c'],
      );
      assert.equal(isComplete, form !== 'a cluster');
      const action = { callSid: 'c', action: { action: 'hangup' } } as const;
      const acted = await a.others.ask('act', action, 30_000, (answer) => answer === 'accepted');
      assert.ok(acted.answers.some(({ answer }) => answer === 'accepted'));
      a.others.watch(['CA1']);
      await until(() => [b, c].every(({ watched }) => watched.length > 0), 'the others to be watched');
      assert.deepEqual(b.watched, [['CA1']]);
      assert.equal(redis.command('EXISTS', 'console:watch'), '1');
      assert.ok(Number(redis.command('PTTL', 'console:watch')) > 5000);
      b.others.publish({ calls: [row('b')], gone: ['x'], events: [] });
      await until(() => a.updates.length > 0, 'the update');
      assert.deepEqual(a.updates, [{ calls: [row('b')], gone: ['x'], events: [] }]);
      assert.deepEqual(c.updates, [], 'it does not watch');
      a.others.watch(undefined);
      await until(() => b.watched.length > 1, 'the end of watching');
      assert.deepEqual(b.watched, [['CA1'], undefined]);
    } finally {
      for (const { others } of members) others.close();
      await Promise.all([redis.stop(), sentinel?.stop()]);
    }
  });
}

test('an instance that starts while another one watches tells it at once', LIMIT, async () => {
  const redis = await RedisServer.start();
  const first = new Member(redis.url, 'a');
  try {
    await joined([first]);
    first.others.watch(['CA1']);
    await until(() => redis.command('EXISTS', 'console:watch') === '1', 'the key');
    const late = new Member(redis.url, 'b');
    await until(() => late.watched.length > 0, 'the key to be found');
    assert.deepEqual(late.watched[0], []);
    first.others.watch(['CA1', 'CA2']);
    await until(() => late.watched.at(-1)?.length === 2, 'what is opened');
    late.others.close();
  } finally {
    first.others.close();
    await redis.stop();
  }
});

test('a watcher that dies without a word is forgotten after ten seconds', LIMIT, async () => {
  const redis = await RedisServer.start();
  const clock = new FakeClock();
  const watched = new Member(redis.url, 'a', { clock });
  const watcher = new Member(redis.url, 'b');
  try {
    await joined([watched, watcher]);
    watcher.others.watch([]);
    await until(() => watched.watched.length > 0, 'the watcher');
    watcher.others.close();
    clock.advance(9999);
    assert.deepEqual(watched.watched.at(-1), []);
    clock.advance(1);
    assert.equal(watched.watched.at(-1), undefined);
    assert.equal(clock.timers, 0);
  } finally {
    watched.others.close();
    watcher.others.close();
    await redis.stop();
  }
});

test('an instance that does not answer costs the others their limit and no more', LIMIT, async () => {
  const redis = await RedisServer.start();
  const clock = new FakeClock();
  const members = [new Member(redis.url, 'a', { clock }), new Member(redis.url, 'b'), new Member(redis.url, 'c')];
  const [a, b] = members;
  try {
    await joined(members);
    if (b !== undefined) b.isMute = true;
    const asked = a?.others.ask('lists', undefined, 3000);
    // The answer of the third has come, because Redis delivers in order.
    await joined(members);
    await until(() => clock.timers === 1, 'the limit');
    await joined(members);
    clock.advance(3000);
    const { answers, isComplete } = (await asked) ?? { answers: [], isComplete: true };
    assert.deepEqual([answers.length, isComplete], [1, false]);
  } finally {
    for (const { others } of members) others.close();
    await redis.stop();
  }
});

test(
  'nothing that instances tell each other can be read in Redis, and nobody without the key can tell or ask',
  LIMIT,
  async () => {
    const redis = await RedisServer.start();
    const members = [new Member(redis.url, 'a'), new Member(redis.url, 'b')];
    const stranger = new Member(redis.url, 'x', { keys: [drawKey()] as const });
    const listener = new Redis(redis.url);
    let heard = '';
    try {
      await listener.psubscribe('console:*');
      listener.on('pmessageBuffer', (_pattern, channel: Buffer, message: Buffer) => {
        heard += `${channel.toString()} ${message.toString('latin1')}\n`;
      });
      await joined([...members, stranger]);
      const [a, b] = members;
      a?.others.watch(['CA1']);
      await until(() => b?.watched.length === 1, 'the watcher');
      b?.others.publish({ calls: [row('CA1')], gone: [], events: [] });
      await until(() => a?.updates.length === 1, 'the update');
      stranger.others.watch(['CA1']);
      stranger.others.publish({ calls: [row('CA9')], gone: [], events: [] });
      const asked = await stranger.others.ask('act', { callSid: 'a', action: { action: 'hangup' } }, 300);
      assert.deepEqual(asked.answers, []);
      redis.command('PUBLISH', 'console:updates', 'garbage');
      await a?.others.ask('lists', undefined, 300);
      assert.deepEqual([a?.updates.length, b?.watched.length, stranger.watched], [1, 1, []]);
      assert.match(heard, /console:updates/);
      for (const secret of ['CA1', '5550123', 'openai']) assert.ok(!heard.includes(secret), secret);
    } finally {
      listener.disconnect();
      for (const { others } of [...members, stranger]) others.close();
      await redis.stop();
    }
  },
);

test('without Redis nobody is asked, nothing is told, and nothing throws', LIMIT, async () => {
  const redis = await RedisServer.start();
  const member = new Member(redis.url, 'a');
  try {
    await joined([member]);
    await redis.kill();
    member.others.watch([]);
    member.others.publish({ calls: [], gone: [], events: [] });
    assert.deepEqual(await member.others.ask('lists', undefined, 5000), { answers: [], isComplete: false });
    assert.equal(await member.others.count(), 1);
  } finally {
    member.others.close();
    await redis.stop();
  }
});

test('a Redis that breaks each connection before it answers costs no error that nobody catches', async () => {
  let subscriptions = 0;
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.on('data', (data) => {
      if (!/subscribe/i.test(data.toString('latin1'))) return;
      subscriptions++;
      // The first is answered, so that the client knows what to subscribe to again.
      if (subscriptions > 1) socket.destroy();
      else
        socket.write('*3\r\n$9\r\nsubscribe\r\n$16\r\nconsole:watching\r\n:1\r\n', () =>
          setTimeout(() => socket.destroy(), 20),
        );
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const uncaught: unknown[] = [];
  const onUncaught = (error: unknown): void => void uncaught.push(error);
  process.on('unhandledRejection', onUncaught);
  const member = new Member(`redis://127.0.0.1:${(server.address() as AddressInfo).port}`, 'one');
  try {
    await until(() => subscriptions > 3, 'three more connections');
    await setImmediate();
    assert.deepEqual(uncaught, []);
  } finally {
    process.off('unhandledRejection', onUncaught);
    member.others.close();
    server.close();
  }
});
