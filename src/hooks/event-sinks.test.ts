import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { FakeClock } from '../../test/support/fake-clock.js';
import { STARTED } from '../../test/support/told-event.js';
import { NotTaken, urlSink } from './event-sinks.js';

async function withServer(
  onRequest: (response: ServerResponse) => void,
  body: (url: string) => Promise<void>,
): Promise<void> {
  const server = createServer((request, response) => {
    request.resume().on('end', () => onRequest(response));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    await body(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  } finally {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  }
}

test('an event is taken by a receiver whose answer has no end', async () => {
  await withServer(
    (response) => void response.writeHead(200).write('more to come'),
    async (url) => {
      const sink = urlSink({ url, secret: 's', clock: new FakeClock() });
      await sink.send(STARTED, new AbortController().signal);
    },
  );
});

test('an event is sent to no other address than the one that was set', async () => {
  let asked = 0;
  await withServer(
    (response) => {
      asked++;
      response.writeHead(308, { location: '/' }).end();
    },
    async (url) => {
      const sink = urlSink({ url, secret: 's', clock: new FakeClock() });
      await assert.rejects(sink.send(STARTED, new AbortController().signal), (error) => {
        assert.ok(error instanceof NotTaken);
        return error.kind === 'status_308';
      });
      assert.equal(asked, 1);
    },
  );
});
