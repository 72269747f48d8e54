import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type Server, createServer } from 'node:http';
import { type AddressInfo, type Socket, connect } from 'node:net';
import { test } from 'node:test';
import { WebSocketServer } from 'ws';
import { upgradeHeaders } from '../../test/support/asking.js';
import { Encoded } from './encoded.js';
import type { Watcher } from './watch-hub.js';
import { EventSocket, EventStream } from './watchers.js';

const MEGABYTE = 1024 * 1024;
/** What the sockets of the system may take besides the backlog. */
const SYSTEM_BYTES = 16 * MEGABYTE;

/** Sends large messages to a page that does not read until its connection is closed. Returns how much was sent. */
async function fill(server: Server, headers: string, opened: Promise<Watcher>): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const page: Socket = connect(port, '127.0.0.1');
  page.pause();
  page.on('error', () => undefined);
  page.write(`GET / HTTP/1.1\r\nHost: localhost\r\n${headers}\r\n`);
  const watcher = await opened;
  const message = new Encoded('timeline', { callSid: 'x'.repeat(256 * 1024), events: [] });
  let sentBytes = 0;
  let isClosed = false;
  server.on('connection', () => undefined);
  const connections = (): Promise<number> =>
    new Promise((resolve) => server.getConnections((_error, count) => resolve(count)));
  while (!isClosed && sentBytes < 4 * SYSTEM_BYTES) {
    watcher.send(message);
    sentBytes += message.asMessage.length;
    await new Promise((resolve) => setImmediate(resolve));
    isClosed = (await connections()) === 0;
  }
  page.destroy();
  server.close();
  return sentBytes;
}

test('an event stream that nobody reads is closed at its backlog', async () => {
  let onOpened: (watcher: Watcher) => void = () => undefined;
  const opened = new Promise<Watcher>((resolve) => (onOpened = resolve));
  const server = createServer((_request, response) => onOpened(new EventStream(response, undefined)));
  const sentBytes = await fill(server, '', opened);
  assert.ok(sentBytes > MEGABYTE && sentBytes < SYSTEM_BYTES, `${sentBytes} bytes`);
});

test('a socket that nobody reads is closed at its backlog', async () => {
  let onOpened: (watcher: Watcher) => void = () => undefined;
  const opened = new Promise<Watcher>((resolve) => (onOpened = resolve));
  const server = createServer();
  const sockets = new WebSocketServer({ server, perMessageDeflate: false });
  sockets.on('connection', (socket) => onOpened(new EventSocket(socket, undefined)));
  const headers = Object.entries(upgradeHeaders(undefined)).map(([name, value]) => `${name}: ${value}\r\n`);
  const sentBytes = await fill(server, headers.join(''), opened);
  sockets.close();
  assert.ok(sentBytes > MEGABYTE && sentBytes < SYSTEM_BYTES, `${sentBytes} bytes`);
});

test('a socket whose page has vanished is closed at the second comment', () => {
  const calls: string[] = [];
  const handlers = new Map<string, () => void>();
  const socket = {
    on: (event: string, handler: () => void) => handlers.set(event, handler),
    ping: () => calls.push('ping'),
    terminate: () => calls.push('terminate'),
  };
  const watcher = new EventSocket(socket as unknown as ConstructorParameters<typeof EventSocket>[0], undefined);
  watcher.comment();
  handlers.get('pong')?.();
  watcher.comment();
  watcher.comment();
  assert.deepEqual(calls, ['ping', 'ping', 'terminate']);
});
