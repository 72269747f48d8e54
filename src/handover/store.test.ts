import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { DynamoDBClient, UpdateTimeToLiveCommand } from '@aws-sdk/client-dynamodb';
import { DynamoDbLocal, skipWithoutDynamoDbLocal } from '../../test/support/dynamodb-local.js';
import { FakeClock } from '../../test/support/fake-clock.js';
import { isTandemError } from '../base/errors.js';
import { DynamoDbStore, type DynamoDbStoreOptions, TTL_ATTRIBUTE } from './dynamodb-store.js';
import { within } from '../../test/support/deadline.js';
import { startEndlessServer } from '../../test/support/endless-server.js';
import { startStallingServer } from '../../test/support/stalling-server.js';
import { until } from '../../test/support/rig.js';
import { startEmbeddedDynamoDb } from './embedded-dynamodb.js';
import { MemoryStore } from '../../test/support/memory-handover-store.js';
import { NOW_SECONDS, callerContract, sampleRecord, storeContract } from '../../test/contracts/handover-store.js';

const TABLE = 'HandoverTokens';
const REGION = 'us-east-1';
/** The key of `localCredentials`. DynamoDB Local keeps the tables of each key apart. */
const LOCAL_KEY = { accessKeyId: 'local', secretAccessKey: 'local' };

function open(endpointUrl: string, options: Partial<DynamoDbStoreOptions> = {}): DynamoDbStore {
  return new DynamoDbStore({
    tableName: TABLE,
    region: REGION,
    endpointUrl,
    localCredentials: true,
    // These tests check answers, so a busy machine must not time out.
    attemptMs: 60_000,
    ...options,
  });
}

/** Starts an endpoint that refuses every request with one DynamoDB error, or as a proxy in its place if `type` is absent. */
async function refusing(
  type: string | undefined,
  status: number,
): Promise<{ endpointUrl: string; close(): void; requests(): number }> {
  let requests = 0;
  const server = createServer((request, response) => {
    requests++;
    request.resume();
    response.writeHead(status, { 'content-type': type === undefined ? 'text/html' : 'application/x-amz-json-1.0' });
    response.end(
      type === undefined
        ? '<html>secret-summary</html>'
        : JSON.stringify({ __type: `com.amazonaws.dynamodb.v20120810#${type}`, message: 'quotes: secret-summary' }),
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

/** The contract of a store in a DynamoDB table that does not exist yet. */
async function tableContract(t: TestContext, endpointUrl: string): Promise<void> {
  const store = open(endpointUrl);
  try {
    await t.test('a missing DynamoDB table is reported as STORE_TABLE_MISSING', async () => {
      await assert.rejects(store.check(), { code: 'STORE_TABLE_MISSING' });
      await assert.rejects(store.put('k', sampleRecord()), { code: 'STORE_TABLE_MISSING' });
      await assert.rejects(store.redeem('k', 'contact-1', NOW_SECONDS), { code: 'STORE_TABLE_MISSING' });
      await assert.rejects(store.callers.failures('k', NOW_SECONDS), { code: 'STORE_TABLE_MISSING' });
    });
    await t.test('a table that exists already is not created again, and has the key that the store needs', async () => {
      await store.createTable();
      await store.createTable();
      assert.deepEqual((await store.describe()).key, ['pk (S)']);
    });
    await storeContract(t, store);
    await callerContract(t, store, store.callers);
  } finally {
    await store.close();
  }
}

test('a table of the embedded DynamoDB fulfils the contract of a handover store', async (t) => {
  const embedded = await startEmbeddedDynamoDb();
  try {
    await tableContract(t, embedded.endpointUrl);
  } finally {
    await embedded.close();
  }
});

test(
  "a table of Amazon's DynamoDB Local fulfils the contract of a handover store",
  { skip: skipWithoutDynamoDbLocal },
  async (t) => {
    const local = await DynamoDbLocal.start();
    try {
      await tableContract(t, local.endpointUrl);
      await t.test('the store sees whether the table deletes expired records', async () => {
        const store = open(local.endpointUrl);
        const client = new DynamoDBClient({ region: REGION, endpoint: local.endpointUrl, credentials: LOCAL_KEY });
        try {
          assert.equal(await store.deletesExpired(), 'no');
          const TimeToLiveSpecification = { AttributeName: TTL_ATTRIBUTE, Enabled: true };
          await client.send(new UpdateTimeToLiveCommand({ TableName: TABLE, TimeToLiveSpecification }));
          assert.equal(await store.deletesExpired(), 'yes');
        } finally {
          client.destroy();
          await store.close();
        }
      });
    } finally {
      await local.stop();
    }
  },
);

test('the memory store fulfils the contract of a handover store', async (t) => {
  const store = new MemoryStore();
  await storeContract(t, store);
  await callerContract(t, store, store);
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

test('an answer in place of DynamoDB that names no reason is named by its status', async () => {
  for (const [status, code] of [
    [429, 'STORE_THROTTLED'],
    [302, 'STORE_UNREACHABLE'],
    [403, 'STORE_REJECTED'],
    [500, 'STORE_UNREACHABLE'],
  ] as const) {
    const server = await refusing(undefined, status);
    let throttles = 0;
    const store = open(server.endpointUrl, { onThrottle: () => throttles++ });
    try {
      await assert.rejects(store.put('k', sampleRecord()), (error) => {
        assert.ok(isTandemError(error));
        assert.equal(error.code, code);
        assert.match(error.message, new RegExp(`\\(HTTP status ${status}\\)`));
        assert.doesNotMatch(error.message, /no answer|secret-summary/);
        return true;
      });
      assert.equal(throttles > 0, status === 429);
    } finally {
      await store.close();
      server.close();
    }
  }
});

test('a fault of DynamoDB itself is not told as no answer', async () => {
  const server = await refusing('InternalServerError', 500);
  const store = open(server.endpointUrl);
  try {
    await assert.rejects(
      store.put('k', sampleRecord()),
      /DynamoDB PutItem failed in the service \(InternalServerError\)/,
    );
  } finally {
    await store.close();
    server.close();
  }
});

test('a DynamoDB answer that stalls after its head ends with its attempt, and does not keep the store from closing', async () => {
  const server = await startStallingServer();
  const store = open(server.url, { attemptMs: 200 });
  try {
    const put = assert.rejects(store.put('k', sampleRecord()), { code: 'STORE_UNREACHABLE' });
    await within(put, 'the failure');
    assert.equal(server.requests(), 2, 'one retry');
    await until(() => server.open() === 0, 'the connections are closed');
    const pending = store.check().catch(() => undefined);
    await until(() => server.requests() > 2, 'the request');
    await within(store.close(), 'the store closes');
    await pending;
  } finally {
    await server.close();
  }
});

test('a DynamoDB answer without end is not read to its end', async () => {
  const server = await startEndlessServer();
  const store = open(server.url, { attemptMs: 60_000 });
  try {
    await within(assert.rejects(store.check(), { code: 'STORE_UNREACHABLE' }), 'the failure');
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
  await within(Promise.all([check, closed]), 'the end');
  assert.equal(clock.timers, 0);
});
