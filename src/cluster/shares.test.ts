import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readConfig } from '../config/config.js';
import { isTandemError } from '../base/errors.js';
import { shareOf } from './shares.js';

test('the limits of the whole are divided among the workers without a remainder', () => {
  const config = readConfig({ MAX_CONCURRENT_CALLS: '11', MAX_VOICE_SESSIONS: 'nova=20,local=4' });
  const shares = [0, 1, 2].map((index) => shareOf(config, index, 3));
  assert.deepEqual(
    shares.map(({ maxConcurrentCalls }) => maxConcurrentCalls),
    [4, 4, 3],
  );
  assert.deepEqual(
    shares.map(({ maxSessions }) => maxSessions),
    [
      { nova: 7, local: 2 },
      { nova: 7, local: 1 },
      { nova: 6, local: 1 },
    ],
  );
});

test('workers have no limit if the whole has none', () => {
  const { maxConcurrentCalls, maxSessions } = shareOf(readConfig({}), 1, 2);
  assert.equal(maxConcurrentCalls, 0);
  assert.deepEqual(maxSessions, {});
});

test('a limit smaller than the number of workers is refused with its name', () => {
  const config = readConfig({ MAX_VOICE_SESSIONS: 'nova=2' });
  assert.throws(
    () => shareOf(config, 2, 3),
    (error) =>
      isTandemError(error) && error.code === 'CONFIG_INVALID' && error.message.includes('MAX_VOICE_SESSIONS allows 2'),
  );
});
