import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, type Socket, connect } from 'node:net';
import { test } from 'node:test';
import { stopReading } from './pass-socket.js';

test('data that arrives after stopReading stays in the socket for the process that receives it', async () => {
  const server = createServer((_request, response) => response.end());
  const upgraded = new Promise<Socket>((resolve) => {
    server.on('upgrade', (_request, socket: Socket) => {
      stopReading(socket);
      resolve(socket);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const client = connect(port, '127.0.0.1');
  client.write('GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
  const socket = await upgraded;
  try {
    const before = socket.bytesRead;
    await new Promise((resolve) => client.write('the first frame', resolve));
    // The server would have read the frame before it answers a request that arrived later.
    for (let i = 0; i < 3; i++) await fetch(`http://127.0.0.1:${port}/`);
    assert.equal(socket.bytesRead, before);
  } finally {
    client.destroy();
    socket.destroy();
    server.closeAllConnections();
    server.close();
  }
});
