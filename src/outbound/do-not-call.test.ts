import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createHmac } from 'node:crypto';
import { FakeClock } from '../../test/support/fake-clock.js';
import { isTandemError } from '../base/errors.js';
import { DynamoDbStore } from '../handover/dynamodb-store.js';
import { startEmbeddedDynamoDb } from '../handover/embedded-dynamodb.js';
import type { NumberList } from '../handover/number-list.js';
import { DoNotCall } from './do-not-call.js';

const ANN = '+12025550101';
const BOB = '+12025550102';

/** Runs `body` with a list in a table. */
async function withList(body: (list: NumberList) => Promise<void>): Promise<void> {
  const embedded = await startEmbeddedDynamoDb({});
  const store = new DynamoDbStore({
    tableName: 'List',
    region: 'us-east-1',
    endpointUrl: embedded.endpointUrl,
    localCredentials: true,
    attemptMs: 20_000,
  });
  try {
    await store.createTable();
    await body(store.numbers);
  } finally {
    await store.close();
    await embedded.close();
  }
}

test('a number stays on the list, and only the number that was put there', async () => {
  await withList(async (list) => {
    const keys: string[] = [];
    const seen: NumberList = {
      add: (key, now) => (keys.push(key), list.add(key, now)),
      has: (key) => (keys.push(key), list.has(key)),
      mark: (mark) => list.mark(mark),
    };
    const one = new DoNotCall({ list: seen, pepper: 'p', clock: new FakeClock() });
    assert.equal(await one.has(ANN), false);
    await one.add(ANN);
    await one.add(ANN);
    const other = new DoNotCall({ list, pepper: 'p', clock: new FakeClock() });
    assert.deepEqual([await other.has(ANN), await other.has(BOB)], [true, false]);
    // The documents say how the key of a number is found.
    assert.equal(keys[0], createHmac('sha256', 'p').update(`do-not-call:number:${ANN}`).digest('hex'));
  });
});

test('a list that was begun with another pepper is not taken for an empty one', async () => {
  await withList(async (list) => {
    await new DoNotCall({ list, pepper: 'old', clock: new FakeClock() }).add(ANN);
    const changed = new DoNotCall({ list, pepper: 'new', clock: new FakeClock() });
    const isKeyError = (error: unknown): boolean => isTandemError(error) && error.code === 'DO_NOT_CALL_KEY';
    await assert.rejects(changed.has(ANN), isKeyError);
    await assert.rejects(changed.add(BOB), isKeyError);
  });
});

test('the tool says so if the number of the person is not known, and tells the call once it is noted', async () => {
  const added: string[] = [];
  const list: NumberList = {
    add: (key) => (added.push(key), Promise.resolve()),
    has: () => Promise.resolve(false),
    mark: (mark) => Promise.resolve(mark),
  };
  const doNotCall = new DoNotCall({ list, pepper: 'p', clock: new FakeClock() });
  let noted = 0;
  const context = { conversationId: 'c', callerNumber: '', signal: new AbortController().signal };
  const run = (number: string): Promise<unknown> => doNotCall.tool(number, () => noted++).run({}, context);
  assert.match(JSON.stringify(await run('anonymous')), /error/);
  assert.deepEqual([added.length, noted], [0, 0]);
  assert.deepEqual(await run(ANN), { status: 'noted' });
  assert.deepEqual([added.length, noted], [1, 1]);
});
