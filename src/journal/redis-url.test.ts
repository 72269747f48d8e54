import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readRedisUrl } from './redis-url.js';

const open = { tls: false, username: undefined, password: undefined };

test('every form of a Redis URL is read', () => {
  assert.deepEqual(readRedisUrl('redis://cache'), {
    ...open,
    kind: 'single',
    node: { host: 'cache', port: 6379 },
    db: 0,
  });
  assert.deepEqual(readRedisUrl('rediss://user:p%40ss%3A%2F@[::1]:6380/7'), {
    tls: true,
    username: 'user',
    password: 'p@ss:/',
    kind: 'single',
    node: { host: '::1', port: 6380 },
    db: 7,
  });
  assert.deepEqual(readRedisUrl('redis+sentinel://:pw@a,b:26380/main?db=2&sentinel_password=sp'), {
    ...open,
    password: 'pw',
    kind: 'sentinel',
    sentinels: [
      { host: 'a', port: 26_379 },
      { host: 'b', port: 26_380 },
    ],
    master: 'main',
    db: 2,
    sentinelUsername: undefined,
    sentinelPassword: 'sp',
  });
  assert.deepEqual(readRedisUrl('rediss+cluster://a:1,b:2'), {
    ...open,
    tls: true,
    kind: 'cluster',
    nodes: [
      { host: 'a', port: 1 },
      { host: 'b', port: 2 },
    ],
  });
});

test('an invalid Redis URL is refused with a reason that does not quote it', () => {
  for (const url of [
    'http://hunter2',
    'redis://',
    'redis://:hunter2@a,b',
    'redis://:hunter2@a/x',
    'redis://:hunter2%@a',
    'redis://:hunter2@a:99999',
    'redis://:hunter2@a?db=1',
    'redis+sentinel://:hunter2@a',
    'redis+sentinel://:hunter2@a/main?dbs=1',
    'redis+cluster://:hunter2@a/1',
    'redis://:hunter2@x@a',
  ]) {
    const reason = readRedisUrl(url);
    assert.ok(typeof reason === 'string', url);
    assert.ok(!reason.includes('hunter2'), reason);
  }
});
