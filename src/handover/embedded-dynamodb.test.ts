import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import { json } from 'node:stream/consumers';
import { test } from 'node:test';
import { sampleRecord } from '../../test/contracts/handover-store.js';
import { within } from '../../test/support/deadline.js';
import { DynamoDbStore } from './dynamodb-store.js';
import { startEmbeddedDynamoDb } from './embedded-dynamodb.js';

/** Sends the head of a request for the names of all tables. Resolves when the store has received it and waits for the body. */
async function beginRequest(endpointUrl: string): Promise<ClientRequest> {
  const begun = request(endpointUrl, {
    method: 'POST',
    headers: {
      expect: '100-continue',
      'content-length': '2',
      'content-type': 'application/x-amz-json-1.0',
      'x-amz-date': '20260101T000000Z',
      'x-amz-target': 'DynamoDB_20120810.ListTables',
      authorization: 'AWS4-HMAC-SHA256 Credential=a, SignedHeaders=b, Signature=c',
    },
  });
  begun.flushHeaders();
  await within(once(begun, 'continue'), 'the store has the head');
  return begun;
}

test('the embedded store reports a taken port as PORT_IN_USE', async () => {
  const first = await startEmbeddedDynamoDb();
  const port = Number(new URL(first.endpointUrl).port);
  await assert.rejects(startEmbeddedDynamoDb({ port }), { code: 'PORT_IN_USE' });
  await first.close();
});

test('the embedded store answers a request that is open when it closes, and then accepts no more', async () => {
  const store = await startEmbeddedDynamoDb();
  const { endpointUrl } = store;
  const open = await beginRequest(endpointUrl);
  const closed = store.close();
  open.end('{}');
  const [response] = (await within(once(open, 'response'), 'the answer')) as [IncomingMessage];
  assert.deepEqual(await json(response), { TableNames: [] });
  await within(closed, 'the store is closed');
  await assert.rejects(fetch(endpointUrl));
});

// An error that dynalite throws fails the test, too, because nothing catches it.

for (const closeLimitMs of [undefined, 0]) {
  const what = closeLimitMs === 0 ? 'cuts requests off' : 'waits for requests';
  test(`an embedded store that ${what} when it closes raises no error`, async () => {
    const embedded = await startEmbeddedDynamoDb(closeLimitMs === undefined ? {} : { closeLimitMs });
    const { endpointUrl } = embedded;
    const place = { tableName: 'HandoverTokens', region: 'us-east-1', endpointUrl };
    // A hundred requests at once take longer than one may on a call.
    const store = new DynamoDbStore({ ...place, localCredentials: true, attemptMs: 60_000 });
    await store.createTable();
    const puts = Array.from({ length: 100 }, (_, index) => store.put(String(index), sampleRecord()));
    const settled = Promise.allSettled(puts);
    await Promise.any(puts);
    await within(embedded.close(), 'the store is closed');
    await settled;
    await store.close();
  });
}

test('a request that never ends is cut off when the embedded store closes, and its end raises no error', async () => {
  const embedded = await startEmbeddedDynamoDb({ closeLimitMs: 50 });
  const gone = await beginRequest(embedded.endpointUrl);
  gone.on('error', () => undefined).destroy();
  const open = await beginRequest(embedded.endpointUrl);
  const cut = once(open, 'error');
  await within(embedded.close(), 'the store is closed');
  assert.equal(((await cut) as [NodeJS.ErrnoException])[0].code, 'ECONNRESET');
});
