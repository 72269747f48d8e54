import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeClock } from '../../test/support/fake-clock.js';
import { RedisServer, skipWithoutRedis } from '../../test/support/redis-server.js';
import { until } from '../../test/support/rig.js';
import { systemClock } from '../base/clock.js';
import { readConfig } from '../config/config.js';
import { createLogger } from '../telemetry/log.js';
import { Metrics } from '../telemetry/metrics.js';
import { openJournal } from './open-journal.js';
import { sampleEntry } from '../../test/support/journal-entry.js';

const log = createLogger({ level: 'silent' });
const key = 'ab'.repeat(32);

test('without REDIS_URL the journal is in memory and reports its metrics', async () => {
  const metrics = new Metrics({ process: false });
  const clock = new FakeClock();
  const journal = await openJournal({ config: undefined, clock, log, metrics, onLost: () => undefined });
  journal.note(sampleEntry());
  await journal.flush();
  await journal.claim('CAunknown');
  const text = await metrics.text();
  assert.match(text, /^journal_up 1$/m);
  assert.match(text, /^journal_writes_total\{outcome="written"\} 1$/m);
  assert.match(text, /^journal_claims_total\{outcome="absent"\} 1$/m);
  assert.equal(journal.health.backend, 'memory');
  await journal.close();
  assert.equal(clock.timers, 0);
});

test('a Redis that is unreachable at the start is awaited in the background', { skip: skipWithoutRedis }, async () => {
  const redis = await RedisServer.start();
  await redis.kill();
  const metrics = new Metrics({ process: false });
  const { journal: config } = readConfig({ REDIS_URL: redis.url, JOURNAL_KEY: key });
  const journal = await openJournal({ config, clock: systemClock, log, metrics, onLost: () => undefined });
  try {
    const entry = sampleEntry();
    journal.note(entry);
    assert.equal(journal.health.isUp, false);
    assert.match(await metrics.text(), /^journal_up 0$/m);
    await redis.start();
    await until(() => journal.health.isUp && journal.health.unwritten === 0, 'written');
    assert.deepEqual(await journal.peek(entry.callSid), entry);
  } finally {
    await journal.close();
    await redis.stop();
  }
});
