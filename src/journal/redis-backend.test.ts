import assert from 'node:assert/strict';
import { test } from 'node:test';
import { within } from '../../test/support/deadline.js';
import { RedisServer, skipWithoutRedis } from '../../test/support/redis-server.js';
import { until } from '../../test/support/rig.js';
import { systemClock } from '../base/clock.js';
import { createLogger } from '../telemetry/log.js';
import { BackendFailure } from './backend.js';
import { backendContract, freshCallSid } from '../../test/contracts/journal-backend.js';
import { CallJournal, type JournalOptions, type WriteOutcome } from './journal.js';
import { RedisBackend } from './redis-backend.js';
import { readRedisUrl } from './redis-url.js';
import { sampleEntry } from '../../test/support/journal-entry.js';
import { drawKey } from './seal.js';

const silent = createLogger({ level: 'silent' });
const key = drawKey();
const LIMIT = { skip: skipWithoutRedis };

function open(url: string): RedisBackend {
  const target = readRedisUrl(url);
  assert.ok(typeof target !== 'string', url);
  return new RedisBackend(target);
}

function connected(backend: RedisBackend): Promise<void> {
  const ready = new Promise<void>((resolve) => {
    backend.onConnection((isConnected) => {
      if (isConnected) resolve();
    });
  });
  return within(ready, 'a connection to Redis');
}

function journalOver(url: string, instanceId: string, options: Partial<JournalOptions> = {}): CallJournal {
  return new CallJournal({ backend: open(url), keys: [key], instanceId, clock: systemClock, log: silent, ...options });
}

const isUp = (journal: CallJournal) => (): boolean => journal.health.isUp;
const isWritten = (journal: CallJournal) => (): boolean => journal.health.isUp && journal.health.unwritten === 0;

test('the Redis backend fulfils the contract of a journal backend with each form of URL', LIMIT, async (t) => {
  const single = await RedisServer.start();
  const cluster = await RedisServer.startCluster();
  const sentinel = await RedisServer.startSentinel(single);
  const urls = {
    'one process': `${single.url}/3`,
    'behind a sentinel': `redis+sentinel://127.0.0.1:1,127.0.0.1:${sentinel.port}/mymaster?db=2`,
    cluster: `redis+cluster://127.0.0.1:${cluster.port}`,
  };
  try {
    for (const [name, url] of Object.entries(urls)) {
      await t.test(name, async (t) => {
        const backend = open(url);
        try {
          await connected(backend);
          await backendContract(t, backend, (ms) => new Promise((resolve) => void setTimeout(resolve, ms)));
        } finally {
          backend.close();
        }
      });
    }
    assert.ok(single.command('-n', '2', 'DBSIZE') !== '0', 'the database of the URL behind a sentinel is used');
  } finally {
    await Promise.all([single.stop(), cluster.stop(), sentinel.stop()]);
  }
});

test('nothing said and no token is readable in Redis, and every entry expires', LIMIT, async () => {
  const redis = await RedisServer.start();
  const journal = journalOver(redis.url, 'a');
  try {
    const handover = { handoverId: 'H1', token: '4815162342', expiresAtMs: Number.MAX_SAFE_INTEGER };
    const entry = sampleEntry({ stand: { name: 'dialling', handover } });
    journal.note(entry);
    await until(isWritten(journal), 'the entry is written');
    const name = `tandem:call:{${entry.callSid}}`;
    const kept = redis.command('HGETALL', name);
    for (const secret of ['4815162342', 'order', entry.from]) assert.ok(!kept.includes(secret), secret);
    assert.ok(Number(redis.command('PTTL', name)) > 4 * 3_600_000, 'a dial of four hours is outlived');

    journal.forget(entry.callSid, 'handed_over');
    await until(isWritten(journal), 'the end is written');
    const ttlMs = Number(redis.command('PTTL', name));
    assert.ok(ttlMs > 0 && ttlMs <= 600_000, String(ttlMs));
    const claim = await journal.claim(entry.callSid);
    assert.deepEqual(claim.status === 'claimed' && [claim.entry.turns, claim.entry.stand], [
      [],
      { name: 'ended', outcome: 'handed_over' },
    ]);
  } finally {
    await journal.close();
    await redis.stop();
  }
});

test('a call is claimed from a Redis that lets its user not ask how long an entry lives', LIMIT, async () => {
  const redis = await RedisServer.start();
  redis.command('ACL', 'SETUSER', 'gateway', 'on', '>gateway-password', '~*', '+@all', '-pttl');
  const url = redis.url.replace('//', '//gateway:gateway-password@');
  const journal = journalOver(url, 'a');
  const other = journalOver(url, 'b');
  try {
    const entry = sampleEntry();
    journal.note(entry);
    await until(isWritten(journal), 'the entry is written');
    await until(isUp(other), 'the other instance is connected');
    assert.deepEqual(await other.peek(entry.callSid), entry);
    assert.deepEqual(await other.claim(entry.callSid), { status: 'claimed', entry, wasOurs: false });
    assert.match(redis.command('ACL', 'LOG'), /pttl/, 'the script has asked, and was refused');
  } finally {
    await journal.close();
    await other.close();
    await redis.stop();
  }
});

test(
  'a Redis that is killed during 100 calls and restarts empty receives all of them again, and new ones',
  LIMIT,
  async () => {
    const redis = await RedisServer.start();
    const journal = journalOver(redis.url, 'a');
    const other = journalOver(redis.url, 'b');
    try {
      const before = Array.from({ length: 100 }, () => sampleEntry());
      for (const entry of before) journal.note(entry);
      await until(isWritten(journal), '100 calls are written');
      await redis.kill();
      await until(() => !journal.health.isUp, 'the loss is noticed without a call saying anything');
      const changed = before.slice(0, 50).map((entry) => ({ ...entry, resumes: 1 }));
      for (const entry of changed) journal.note(entry);
      const during = sampleEntry();
      journal.note(during);
      await redis.start();
      await until(isWritten(journal), 'everything is written again');
      await until(isUp(other), 'the other instance is connected again');
      for (const entry of [...changed, ...before.slice(50), during]) {
        const claim = await other.claim(entry.callSid);
        assert.deepEqual(claim, { status: 'claimed', entry, wasOurs: false });
      }
    } finally {
      await journal.close();
      await other.close();
      await redis.stop();
    }
  },
);

test(
  'a Redis that hangs delays no note and no claim beyond its limit, and calls are written once it answers',
  LIMIT,
  async () => {
    const redis = await RedisServer.start();
    const journal = journalOver(redis.url, 'a');
    const other = journalOver(redis.url, 'b');
    try {
      const entry = sampleEntry();
      journal.note(entry);
      await until(isWritten(journal), 'the entry is written');
      await until(isUp(other), 'the other instance is connected');
      redis.freeze();
      const startedMs = performance.now();
      journal.note({ ...entry, dials: 1 });
      assert.ok(performance.now() - startedMs < 100, 'noting does not wait');
      assert.deepEqual(await other.claim(entry.callSid), { status: 'unavailable' });
      const tookMs = performance.now() - startedMs;
      assert.ok(tookMs >= 450 && tookMs < 5000, `${tookMs} ms`);
      // The other instance continues without memory. Its late claim must not fence its own writes.
      const without = { ...entry, turns: [] };
      other.note(without);
      redis.thaw();
      await until(isWritten(other), 'the other instance has written');
      assert.deepEqual(await other.claim(entry.callSid), { status: 'claimed', entry: without, wasOurs: true });
    } finally {
      redis.thaw();
      await journal.close();
      await other.close();
      await redis.stop();
    }
  },
);

test('the journal is down as long as Redis refuses to write', LIMIT, async () => {
  const redis = await RedisServer.start();
  const outcomes: WriteOutcome[] = [];
  const journal = journalOver(redis.url, 'a', { onWrite: (outcome) => outcomes.push(outcome) });
  const refusals: [refuse: string[], relent: string[]][] = [
    [
      ['CONFIG', 'SET', 'maxmemory', '1'],
      ['CONFIG', 'SET', 'maxmemory', '0'],
    ],
    [
      ['REPLICAOF', '127.0.0.1', '1'],
      ['REPLICAOF', 'NO', 'ONE'],
    ],
  ];
  try {
    await until(isUp(journal), 'connected');
    for (const [refuse, relent] of refusals) {
      redis.command(...refuse);
      journal.note(sampleEntry());
      await until(() => !journal.health.isUp && outcomes.at(-1) === 'failed', 'the refusal is noticed');
      redis.command(...relent);
      await until(isWritten(journal), 'the entry is written');
      assert.equal(outcomes.at(-1), 'written');
    }
  } finally {
    await journal.close();
    await redis.stop();
  }
});

test('the journal is up with the right Redis password, and a command without it fails', LIMIT, async () => {
  const redis = await RedisServer.start('--requirepass', 'right:@word');
  const backend = open(redis.url);
  const journal = journalOver(`redis://:${encodeURIComponent('right:@word')}@127.0.0.1:${redis.port}`, 'a');
  try {
    await until(isUp(journal), 'connected with the password');
    await assert.rejects(backend.read(freshCallSid()), BackendFailure);
  } finally {
    backend.close();
    await journal.close();
    await redis.stop();
  }
});
