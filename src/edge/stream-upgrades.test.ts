import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type IncomingMessage, createServer, get } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { FakeClock } from '../../test/support/fake-clock.js';
import { createLogger } from '../telemetry/log.js';
import { Metrics } from '../telemetry/metrics.js';
import { StreamUpgrades } from './stream-upgrades.js';

test('an upgrade request whose check throws is refused, counted and logged, and the server answers the next one', async () => {
  const metrics = new Metrics({ process: false });
  const lines: string[] = [];
  const upgrades = new StreamUpgrades({
    admit: assert.fail,
    signingKeys: [],
    hosts: () => {
      throw new Error('in the check');
    },
    clock: new FakeClock(),
    log: createLogger({ level: 'info', destination: { write: (line) => void lines.push(line) } }),
    metrics,
    peers: undefined,
  });
  const server = createServer();
  server.on('upgrade', (request, socket, head) => upgrades.onUpgrade(request, socket, head));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    for (let time = 0; time < 2; time++) {
      const { port } = server.address() as AddressInfo;
      const request = get({ port, path: '/twilio/stream', headers: { connection: 'Upgrade', upgrade: 'websocket' } });
      const [response] = (await once(request, 'response')) as [IncomingMessage];
      assert.equal(response.statusCode, 500);
      response.resume();
      await once(response, 'close');
    }
    assert.match(await metrics.text(), /gateway_processor_errors_total\{processor="stream"\} 2\n/);
    assert.equal(lines.length, 2);
  } finally {
    upgrades.close();
    await new Promise((resolve) => server.close(resolve));
  }
});
