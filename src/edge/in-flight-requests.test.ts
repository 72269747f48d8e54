import assert from 'node:assert/strict';
import { type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { FakeClock } from '../../test/support/fake-clock.js';
import { InFlightRequests } from './in-flight-requests.js';

test('an answer that is under way when connections are to close ends its connection, and so does every later one', async () => {
  const requests = new InFlightRequests(new FakeClock());
  const waiting: ServerResponse[] = [];
  let onRequest: () => void = () => undefined;
  const server = createServer((_request, response) => {
    requests.add(response);
    waiting.push(response);
    onRequest();
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  /** Sends a request and resolves once the server has it, with the answer to come. */
  const send = async (): Promise<{ answer: Promise<Response> }> => {
    const received = new Promise<void>((resolve) => {
      onRequest = resolve;
    });
    const answer = fetch(`http://127.0.0.1:${port}/`);
    await received;
    return { answer };
  };
  try {
    const first = await send();
    waiting[0]?.end();
    assert.equal((await first.answer).headers.get('connection'), 'keep-alive');
    const underWay = await send();
    requests.closeConnections();
    waiting[1]?.writeHead(200, { 'content-type': 'text/plain' }).end();
    assert.equal((await underWay.answer).headers.get('connection'), 'close');
    const later = await send();
    waiting[2]?.end();
    assert.equal((await later.answer).headers.get('connection'), 'close');
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});
