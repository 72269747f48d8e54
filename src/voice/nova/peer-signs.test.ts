import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createSecureServer } from 'node:http2';
import { type AddressInfo, type Socket, createServer } from 'node:net';
import { test } from 'node:test';
import { selfSigned } from '../../../test/support/self-signed.js';
import { PeerSigns } from './peer-signs.js';

test('a service that takes a connection over TLS is seen to answer, and its request is served', async () => {
  const { cert, key } = selfSigned('localhost');
  const server = createSecureServer({ cert, key });
  server.on('stream', (stream) => {
    stream.respond({ ':status': 204 }, { endStream: true });
  });
  server.listen(0, 'localhost');
  await once(server, 'listening');
  const peers = new PeerSigns();
  const isUnanswered = peers.begin();
  const { port } = server.address() as AddressInfo;
  const session = connect(`https://localhost:${port}`, { ca: cert, createConnection: peers.createConnection });
  try {
    const request = session.request({ ':path': '/' });
    const [headers] = (await once(request, 'response')) as [Record<string, unknown>];
    assert.equal(headers[':status'], 204);
    assert.equal(isUnanswered(), false);
  } finally {
    session.destroy();
    server.close();
  }
});

test('a service that takes a connection and reads nothing of it is seen not to answer', async () => {
  const sockets: Socket[] = [];
  const server = createServer((socket) => void sockets.push(socket.pause()));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const peers = new PeerSigns();
  const isUnanswered = peers.begin();
  const { port } = server.address() as AddressInfo;
  const session = connect(`http://127.0.0.1:${port}`, { createConnection: peers.createConnection });
  session.on('error', () => undefined);
  try {
    await once(server, 'connection');
    assert.equal(isUnanswered(), true);
    assert.equal(peers.begin()(), false, 'of a request without a connection nothing is known');
  } finally {
    session.destroy();
    for (const socket of sockets) socket.destroy();
    server.close();
  }
});
