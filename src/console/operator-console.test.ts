import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { ask } from '../../test/support/asking.js';
import { FakeClock } from '../../test/support/fake-clock.js';
import { createLogger } from '../telemetry/log.js';
import { Metrics } from '../telemetry/metrics.js';
import { OperatorConsole } from './operator-console.js';

test('a fault inside the console is logged, and answered with the headers of every other answer', async () => {
  let log = '';
  const console = new OperatorConsole({
    token: undefined,
    hosts: () => [],
    instance: () => 'gw1',
    others: undefined,
    faults: [],
    outbound: false,
    showsTranscripts: true,
    operate: () => {
      throw new Error('no line');
    },
    stop: () => undefined,
    clock: new FakeClock(),
    log: createLogger({ level: 'info', destination: { write: (line) => (log += line) } }),
    metrics: new Metrics(),
  });
  const server = createServer((request, response) => void console.onRequest(request.url ?? '', request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  try {
    const { csrf } = (await ask(base, '/console/api/session')).json();
    const headers = { 'content-type': 'application/json', 'x-console-csrf': String(csrf) };
    const path = `/console/api/calls/CA${'0'.repeat(32)}/actions/hangup`;
    const answered = await ask(base, path, { method: 'POST', headers, body: '{}' });
    assert.equal(answered.status, 500);
    assert.equal(
      answered.headers['content-security-policy'],
      (await ask(base, '/console')).headers['content-security-policy'],
    );
    assert.equal(answered.headers['cache-control'], 'no-store');
    assert.doesNotMatch(answered.text, /no line/);
    assert.match(log, /operator-console\.test.*the console failed to answer/);
  } finally {
    console.close();
    server.closeAllConnections();
    server.close();
  }
});
