import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { AddressInfo, LookupFunction, Socket } from 'node:net';
import { test } from 'node:test';
import { createServer } from 'node:tls';
import { idsOf } from '../../test/support/examine.js';
import { FakeClock } from '../../test/support/fake-clock.js';
import { until } from '../../test/support/rig.js';
import { selfSigned } from '../../test/support/self-signed.js';
import { askIdle } from './balancer-idle.js';

const NAME = 'gateway.example.com';
const here: LookupFunction = (_name, options, callback) => {
  if (options.all === true) callback(null, [{ address: '127.0.0.1', family: 4 }]);
  else callback(null, '127.0.0.1', 4);
};

const KEPT = 'HTTP/1.1 204 No Content\r\n\r\n';

/** Asks a server that answers once and closes the connection after `closedMs`. `undefined`: it never does. */
async function ask(
  closedMs: number | undefined,
  answer = KEPT,
): Promise<{ ids: string[]; text: string; asked: string }> {
  const tls = selfSigned(NAME);
  const clock = new FakeClock();
  const sockets: Socket[] = [];
  let asked = '';
  const server = createServer(tls, (socket) => {
    sockets.push(socket);
    socket.on('error', () => undefined);
    socket.once('data', (data: Buffer) => {
      asked = data.toString();
      socket.write(answer);
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    const asking = askIdle({
      host: `${NAME}:${(server.address() as AddressInfo).port}`,
      authTokens: ['twilio-auth-token'],
      accountSid: undefined,
      keepAliveMs: 75_000,
      clock,
      signal: AbortSignal.timeout(60_000),
      network: { lookup: here, ca: tls.cert },
    });
    if (answer === KEPT) {
      // The connection is idle from the moment at which the doctor waits.
      await until(() => clock.timers === 1, 'the doctor waits');
      clock.advance(closedMs ?? 75_000 + 6000);
      sockets[0]?.end();
    }
    const findings = await asking;
    assert.equal(clock.timers, 0);
    return { ids: idsOf(findings), text: findings.map(({ text }) => text).join('\n'), asked };
  } finally {
    for (const socket of sockets) socket.destroy();
    server.close();
  }
}

test('an idle connection that a balancer closes after a minute, or the gateway itself, is fine', async () => {
  const balancer = await ask(60_000);
  assert.deepEqual(balancer.ids, ['fine balancer-idle']);
  assert.match(balancer.text, /closed after 60 s, before KEEP_ALIVE_SECONDS \(75\), and the gateway pings each stream/);
  assert.match(balancer.asked, /^POST \/twilio\/call-status HTTP\/1\.1\r\nHost: gateway\.example\.com:\d+\r\n/);
  const gateway = await ask(75_500);
  assert.deepEqual(gateway.ids, ['fine balancer-idle']);
  assert.match(gateway.text, /kept for 76 s, which is the gateway's own KEEP_ALIVE_SECONDS \(75\)/);
});

test('an idle connection that is closed sooner than two pings of a stream is a fault', async () => {
  const { ids, text } = await ask(20_000);
  assert.deepEqual(ids, ['fault balancer-idle']);
  assert.match(text, /closed after 20 s\. The gateway pings each stream every 15 s.*idle_timeout\.timeout_seconds/);
});

test('an idle connection that is kept for longer than the gateway keeps its own is a note', async () => {
  for (const closedMs of [80_000, undefined]) {
    const { ids, text } = await ask(closedMs);
    assert.deepEqual(ids, ['advice balancer-idle']);
    assert.match(text, /longer than KEEP_ALIVE_SECONDS \(75\).*502/);
  }
});

test('an answer that ends its connection measures nothing, and the doctor says so', async () => {
  const { ids, text } = await ask(0, 'HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n');
  assert.deepEqual(ids, ['advice balancer-idle']);
  assert.match(text, /not measured: the answer ended the connection/);
});
