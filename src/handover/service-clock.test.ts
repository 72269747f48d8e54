import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { FakeClock } from '../../test/support/fake-clock.js';
import { DynamoDbStore } from './dynamodb-store.js';

const NOW_MS = Date.UTC(2026, 10, 30, 12);

/** Answers every request with `status` and a date. */
async function dated(status: number, date: () => string | undefined): Promise<{ url: string; close(): void }> {
  const server = createServer((request, response) => {
    request.resume();
    const [body, shown] = [status === 200 ? '{}' : '{"__type":"com.amazonaws#AccessDeniedException"}', date()];
    response.sendDate = false;
    response.writeHead(status, {
      'content-type': 'application/x-amz-json-1.0',
      ...(shown === undefined ? {} : { date: shown }),
    });
    response.end(body);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close: () => server.close() };
}

function storeAt(endpointUrl: string, localCredentials: boolean): DynamoDbStore {
  return new DynamoDbStore({
    tableName: 'HandoverTokens',
    region: 'us-east-1',
    endpointUrl,
    attemptMs: 60_000,
    clock: new FakeClock(NOW_MS),
    ...(localCredentials ? { localCredentials } : { credentials: { accessKeyId: 'a', secretAccessKey: 's' } }),
  });
}

test('a store in AWS learns from any answer how far the clock there is ahead', async () => {
  let date: string | undefined;
  for (const status of [200, 400]) {
    const service = await dated(status, () => date);
    const store = storeAt(service.url, false);
    const aheadAfter = async (shown: string | undefined): Promise<number> => {
      date = shown;
      await store.check().catch(() => undefined);
      return store.aheadMs;
    };
    try {
      assert.equal(store.aheadMs, 0, 'nothing is known');
      assert.equal(await aheadAfter(new Date(NOW_MS + 3_600_000).toUTCString()), 3_600_000);
      assert.equal(await aheadAfter(undefined), 3_600_000, 'an answer without a date says nothing');
      assert.equal(await aheadAfter('yesterday'), 3_600_000, 'nor does one that cannot be read');
      assert.equal(await aheadAfter(new Date(NOW_MS - 600_000).toUTCString()), -600_000);
      assert.equal(await aheadAfter(new Date(NOW_MS - 4000).toUTCString()), 0, 'dates have whole seconds');
    } finally {
      await store.close();
      service.close();
    }
  }
});

test('a store on this machine has its clock', async () => {
  const service = await dated(200, () => new Date(NOW_MS + 3_600_000).toUTCString());
  const store = storeAt(service.url, true);
  try {
    await store.check();
    assert.equal(store.aheadMs, 0);
  } finally {
    await store.close();
    service.close();
  }
});
