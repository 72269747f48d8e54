import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeClock } from '../../test/support/fake-clock.js';
import { until } from '../../test/support/rig.js';
import { startStallingServer } from '../../test/support/stalling-server.js';
import { HubSpotApi } from './hubspot-api.js';

test('a HubSpot answer that stalls after its head ends with its attempt, and the request is tried again', async () => {
  const server = await startStallingServer();
  const clock = new FakeClock();
  const api = new HubSpotApi({ baseUrl: server.url, accessToken: 'token', apiVersion: '2026-03', clock });
  try {
    const asked = assert.rejects(api.recordsUrl(), { code: 'HUBSPOT_UNREACHABLE' });
    await until(() => server.open() === 1, 'the request');
    clock.advance(5000);
    await until(() => server.open() === 0, 'the end of the attempt');
    await until(() => clock.timers === 1, 'the pause');
    clock.advance(1000);
    await until(() => server.requests() === 2, 'the next attempt');
    api.close();
    await asked;
    assert.equal(clock.timers, 0);
  } finally {
    await server.close();
  }
});
