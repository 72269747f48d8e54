import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { examine, idsOf } from '../../test/support/examine.js';
import { RedisServer, skipWithoutRedis } from '../../test/support/redis-server.js';
import { selfSigned } from '../../test/support/self-signed.js';
import { StubRedis } from '../../test/support/stub-redis.js';

const JOURNAL_KEY = Buffer.alloc(32, 7).toString('base64');
const LIMIT = { skip: skipWithoutRedis };

async function ask(url: string) {
  const { code, findings } = await examine({ REDIS_URL: url, JOURNAL_KEY }, ['Redis']);
  const ours = findings.filter(({ service }) => service === 'Redis');
  return { code, ids: idsOf(ours), text: ours.map(({ text }) => text).join('\n') };
}

async function withRedis(flags: readonly string[], body: (redis: RedisServer) => Promise<void>): Promise<void> {
  const redis = await RedisServer.start(...flags);
  try {
    await body(redis);
  } finally {
    await redis.stop();
  }
}

describe("the doctor's question to Redis", () => {
  test(
    'a Redis that writes and keeps everything is fine, in each form of URL, and nothing stays in it',
    LIMIT,
    async () => {
      const cluster = await RedisServer.startCluster();
      await withRedis([], async (redis) => {
        const sentinel = await RedisServer.startSentinel(redis);
        try {
          for (const url of [
            redis.url,
            `redis+sentinel://127.0.0.1:${sentinel.port}/mymaster`,
            `redis+cluster://127.0.0.1:${cluster.port}`,
          ]) {
            const { code, ids, text } = await ask(url);
            assert.deepEqual([code, ids], [0, ['fine redis-ready']], text);
            assert.match(text, /^Redis \d+\.\d+\.\d+: an entry was written and taken over in /);
          }
          for (const name of redis.command('KEYS', '*').split('\n').filter(Boolean))
            assert.ok(Number(redis.command('PTTL', name)) <= 1000, name);
        } finally {
          await sentinel.stop();
          await cluster.stop();
        }
      });
    },
  );

  test('a password that is missing or wrong is a fault', LIMIT, async () => {
    await withRedis(['--requirepass', 'the-right-password'], async ({ port }) => {
      for (const [url, text] of [
        [`redis://127.0.0.1:${port}`, /wants a password \(NOAUTH\)/],
        [`redis://:another-password@127.0.0.1:${port}`, /WRONGPASS/],
      ] as const) {
        const asked = await ask(url);
        assert.deepEqual([asked.code, asked.ids], [1, ['fault redis-access']]);
        assert.match(asked.text, text);
      }
    });
  });

  test('a user who may not run the script is a fault, and one who may not read INFO is fine', LIMIT, async () => {
    await withRedis([], async (redis) => {
      redis.command('ACL', 'SETUSER', 'reader', 'on', '>reader-password', '~*', '+hget');
      redis.command(
        'ACL',
        'SETUSER',
        'writer',
        'on',
        '>writer-password',
        '~tandem:call:*',
        '+eval',
        '+hget',
        '+hmget',
        '+hset',
        '+hincrby',
        '+pexpire',
      );
      const reader = await ask(`redis://reader:reader-password@127.0.0.1:${redis.port}`);
      assert.deepEqual([reader.code, reader.ids], [1, ['fault redis-access']]);
      assert.match(reader.text, /NOPERM/);
      const writer = await ask(`redis://writer:writer-password@127.0.0.1:${redis.port}`);
      assert.deepEqual([writer.code, writer.ids], [0, ['fine redis-ready']]);
      assert.match(writer.text, /INFO is not allowed/);
    });
  });

  test('a replica and a full memory are faults, because Redis takes no writes', LIMIT, async () => {
    await withRedis([], async (primary) => {
      await withRedis(['--replicaof', '127.0.0.1', String(primary.port)], async ({ url }) => {
        const { code, ids, text } = await ask(url);
        assert.deepEqual([code, ids], [1, ['fault redis-writes']]);
        assert.match(text, /READONLY|MASTERDOWN|LOADING/);
      });
      primary.command('CONFIG', 'SET', 'maxmemory', '1');
      const { code, ids, text } = await ask(primary.url);
      assert.deepEqual([code, ids], [1, ['fault redis-writes']]);
      assert.match(text, /OOM/);
    });
  });

  test('a policy that drops entries is a note once there is a limit of memory', LIMIT, async () => {
    await withRedis(['--maxmemory-policy', 'volatile-lru'], async (redis) => {
      assert.deepEqual((await ask(redis.url)).ids, ['fine redis-ready']);
      redis.command('CONFIG', 'SET', 'maxmemory', '100mb');
      const { code, ids, text } = await ask(redis.url);
      assert.deepEqual([code, ids], [0, ['fine redis-ready', 'advice redis-eviction']]);
      assert.match(text, /maxmemory-policy volatile-lru.*noeviction/);
    });
  });

  test('a port where nothing listens, a server that never answers and TLS that nobody trusts are faults', async () => {
    const silent = await StubRedis.start(() => '');
    const strange = await StubRedis.start(() => '+OK\r\n', selfSigned('127.0.0.1'));
    try {
      for (const [url, text] of [
        ['redis://127.0.0.1:2', /unreachable/],
        [silent.url, /timeout/],
        [`rediss://127.0.0.1:${strange.port}`, /TLS with Redis fails \(DEPTH_ZERO_SELF_SIGNED_CERT\)/],
      ] as const) {
        const asked = await ask(url);
        assert.deepEqual([asked.code, asked.ids], [1, ['fault redis-unreachable']]);
        assert.match(asked.text, text);
      }
    } finally {
      await silent.stop();
      await strange.stop();
    }
  });

  test('a Redis without scripts, or older than the journal needs, is a fault', async () => {
    const held: Record<string, string> = { HSET: ':1\r\n' };
    const old = await StubRedis.start(([word = '', script = '', , , , epoch = '', data = '']) => {
      if (word.toLowerCase() === 'info') return bulk('redis_version:3.2.1\r\nmaxmemory:0\r\n');
      if (epoch !== '') held['data'] = data;
      return script.includes('HINCRBY') ? `*2\r\n:2\r\n${bulk(held['data'] ?? '')}` : ':1\r\n';
    });
    const without = await StubRedis.start(() => "-ERR unknown command 'eval'\r\n");
    try {
      const asked = await ask(old.url);
      assert.deepEqual([asked.code, asked.ids], [1, ['fine redis-ready', 'fault redis-version']], asked.text);
      const refused = await ask(without.url);
      assert.deepEqual([refused.code, refused.ids], [1, ['fault redis-script']]);
      assert.match(refused.text, /EVAL/);
    } finally {
      await old.stop();
      await without.stop();
    }
  });
});

function bulk(text: string): string {
  return `$${Buffer.byteLength(text)}\r\n${text}\r\n`;
}
