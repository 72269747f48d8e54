import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, type Socket, createServer } from 'node:net';
import { test } from 'node:test';
import fc from 'fast-check';
import { fuzz } from '../../test/support/fuzz.js';
import { until } from '../../test/support/rig.js';
import { BackendFailure } from './backend.js';
import { RedisBackend } from './redis-backend.js';

/** Replies of Redis (RESP2), with errors as Redis, proxies and managed services word them. */
const REPLY: fc.Arbitrary<string> = fc.letrec<{ reply: string; one: string }>((tie) => ({
  one: fc.oneof(
    fc.integer().map((value) => `:${value}\r\n`),
    fc.constantFrom(
      '$-1\r\n',
      '*-1\r\n',
      '+OK\r\n',
      '+fenced\r\n',
      '$6\r\nfenced\r\n',
      '$0\r\n\r\n',
      '*0\r\n',
      '+QUEUED\r\n',
    ),
    fc.uint8Array({ maxLength: 40 }).map((bytes) => bulk(Buffer.from(bytes).toString('latin1'))),
    fc
      .constantFrom(
        'READONLY You can’t write',
        'OOM command not allowed',
        'ERR Error running script: -READONLY secret',
        'NOSCRIPT',
        '',
      )
      .map((text) => `-${Buffer.from(text).toString('latin1')}\r\n`),
  ),
  reply: fc.oneof(
    { maxDepth: 2 },
    tie('one'),
    fc.array(tie('one'), { maxLength: 3 }).map((parts) => `*${parts.length}\r\n${parts.join('')}`),
    fc.tuple(fc.integer(), tie('one')).map(([epoch, data]) => `*2\r\n:${epoch}\r\n${data}`),
  ),
})).reply;

test('whatever Redis replies, a write is an epoch, fenced or failed, and what is read is held data or nothing', async (t) => {
  let reply = '';
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('data', (data) => {
      // One command at a time is asked, so each write is a whole one.
      const command = /\$\d+\r\n(\w+)\r\n/.exec(data.toString('latin1'))?.[1]?.toLowerCase();
      socket.write(
        command === 'eval' ? reply : command === 'info' ? bulk('redis_version:7.0.15\r\n') : '+OK\r\n',
        'latin1',
      );
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const backend = new RedisBackend({
    kind: 'single',
    node: { host: '127.0.0.1', port },
    db: 0,
    tls: false,
    username: undefined,
    password: undefined,
  });
  t.after(() => {
    backend.close();
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  // Some errors make the client connect again.
  const link = { isUp: false };
  backend.onConnection((isConnected) => {
    link.isUp = isConnected;
  });
  const write = { callSid: 'CA1', owner: 'me', epoch: 1, data: Buffer.from('sealed'), ttlMs: 1000 };
  const uses: readonly (() => Promise<unknown>)[] = [
    async () => {
      const result = await backend.write(write);
      assert.ok(result === 'fenced' || Number.isSafeInteger(result), String(result));
    },
    async () => checkHeld(await backend.claim('CA1', 'me')),
    async () => checkHeld(await backend.read('CA1')),
  ];
  await fuzz(
    fc.tuple(REPLY, fc.nat(2)),
    async ([next, use]) => {
      await until(() => link.isUp, 'the connection');
      reply = next;
      try {
        await uses[use]?.();
      } catch (error) {
        assert.ok(error instanceof BackendFailure, String(error));
        assert.doesNotMatch(`${error.kind} ${error.message}`, /secret/);
      }
    },
    { runs: 200 },
  );
});

function checkHeld(held: Awaited<ReturnType<RedisBackend['read']>>): void {
  if (held === undefined) return;
  assert.ok(Number.isSafeInteger(held.epoch) && Buffer.isBuffer(held.data));
}

function bulk(text: string): string {
  return `$${Buffer.byteLength(text, 'latin1')}\r\n${text}\r\n`;
}
