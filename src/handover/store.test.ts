import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { FakeClock } from '../../test/support/fake-clock.js';
import { isTandemError } from '../base/errors.js';
import { DynamoDbStore, type DynamoDbStoreOptions } from './dynamodb-store.js';
import { within } from '../../test/support/deadline.js';
import { startEndlessServer } from '../../test/support/endless-server.js';
import { startStallingServer } from '../../test/support/stalling-server.js';
import { until } from '../../test/support/rig.js';
import { startEmbeddedDynamoDb } from './embedded-dynamodb.js';
import { MemoryStore } from '../../test/support/memory-handover-store.js';
import { NOW_SECONDS, callerContract, sampleRecord, storeContract } from '../../test/contracts/handover-store.js';

function open(endpointUrl: string, options: Partial<DynamoDbStoreOptions> = {}): DynamoDbStore {
  return new DynamoDbStore({
    tableName: 'HandoverTokens',
    region: 'us-east-1',
    endpointUrl,
    localCredentials: true,
    // These tests check answers, so a busy machine must not time out.
    attemptMs: 60_000,
    ...options,
  });
}

/** Starts an endpoint that refuses every request with one DynamoDB error. */
async function refusing(
  type: string,
  status: number,
): Promise<{ endpointUrl: string; close(): void; requests(): number }> {
  let requests = 0;
  const server = createServer((request, response) => {
    requests++;
    request.resume();
    response.writeHead(status, { 'content-type': 'application/x-amz-json-1.0' });
    response.end(
      JSON.stringify({ __type: `com.amazonaws.dynamodb.v20120810#${type}`, message: 'quotes: secret-summary' }),
    );
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    endpointUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests: () => requests,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

test('a DynamoDB table fulfils the contract of a handover store', async (t) => {
  const embedded = await startEmbeddedDynamoDb();
  const store = open(embedded.endpointUrl);
  try {
    await store.createTable();
    await store.createTable();
    await storeContract(t, store);
    await callerContract(t, store, store.callers);
  } finally {
    await store.close();
    await embedded.close();
  }
});

test('the memory store fulfils the contract of a handover store', async (t) => {
  const store = new MemoryStore();
  await storeContract(t, store);
  await callerContract(t, store, store);
});

test('a missing DynamoDB table is reported as STORE_TABLE_MISSING', async () => {
  const embedded = await startEmbeddedDynamoDb();
  const store = open(embedded.endpointUrl);
  try {
    await assert.rejects(store.check(), { code: 'STORE_TABLE_MISSING' });
    await assert.rejects(store.put('k', sampleRecord()), { code: 'STORE_TABLE_MISSING' });
  } finally {
    await store.close();
    await embedded.close();
  }
});

test('the DynamoDB store counts every throttled attempt, and its error quotes nothing of the request', async () => {
  const server = await refusing('ProvisionedThroughputExceededException', 400);
  let throttles = 0;
  const store = open(server.endpointUrl, { onThrottle: () => throttles++ });
  try {
    await assert.rejects(store.put('k', sampleRecord()), (error) => {
      assert.ok(isTandemError(error));
      assert.equal(error.code, 'STORE_THROTTLED');
      assert.ok(!error.message.includes('secret-summary'));
      assert.equal(error.cause, undefined);
      return true;
    });
    assert.equal(throttles, server.requests());
    assert.equal(throttles, 2);
  } finally {
    await store.close();
    server.close();
  }
});

test('the DynamoDB store reports a refusal as STORE_REJECTED and no answer as STORE_UNREACHABLE', async () => {
  const server = await refusing('AccessDeniedException', 400);
  const store = open(server.endpointUrl);
  await assert.rejects(store.redeem('k', 'contact-1', NOW_SECONDS), { code: 'STORE_REJECTED' });
  server.close();
  await assert.rejects(store.redeem('k', 'contact-1', NOW_SECONDS), { code: 'STORE_UNREACHABLE' });
  await store.close();
});

test('a DynamoDB answer that stalls after its head ends with its attempt, and does not keep the store from closing', async () => {
  const server = await startStallingServer();
  const store = open(server.url, { attemptMs: 200 });
  try {
    const put = assert.rejects(store.put('k', sampleRecord()), { code: 'STORE_UNREACHABLE' });
    await within(put, 'the failure', 10_000);
    assert.equal(server.requests(), 2, 'one retry');
    await until(() => server.open() === 0, 'the connections are closed');
    const pending = store.check().catch(() => undefined);
    await until(() => server.requests() > 2, 'the request');
    await within(store.close(), 'the store closes', 10_000);
    await pending;
  } finally {
    await server.close();
  }
});

test('a DynamoDB answer without end is not read to its end', async () => {
  const server = await startEndlessServer();
  const store = open(server.url, { attemptMs: 60_000 });
  try {
    await within(assert.rejects(store.check(), { code: 'STORE_UNREACHABLE' }), 'the failure', 10_000);
    await until(() => server.open() === 0, 'the connection is closed');
    assert.ok(server.sentBytes() < 16_000_000, String(server.sentBytes()));
  } finally {
    await store.close();
    await server.close();
  }
});

test('a store operation that waits for credentials for ever ends, and the store closes', async () => {
  const clock = new FakeClock();
  const store = new DynamoDbStore({
    tableName: 'HandoverTokens',
    region: 'us-east-1',
    endpointUrl: 'http://127.0.0.1:1',
    credentials: () => new Promise(() => undefined),
    clock,
  });
  const check = assert.rejects(store.check(), { code: 'STORE_UNREACHABLE' });
  const closed = store.close();
  clock.advance(3000);
  await within(Promise.all([check, closed]), 'the end', 10_000);
  assert.equal(clock.timers, 0);
});

test('the embedded store reports a taken port as PORT_IN_USE', async () => {
  const first = await startEmbeddedDynamoDb();
  const port = Number(new URL(first.endpointUrl).port);
  await assert.rejects(startEmbeddedDynamoDb({ port }), { code: 'PORT_IN_USE' });
  await first.close();
});
