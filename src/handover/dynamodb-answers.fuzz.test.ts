import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { AnsweringServer } from '../../test/support/answering-server.js';
import { NOW_SECONDS, sampleRecord } from '../../test/contracts/handover-store.js';
import { fuzz, mangled, nearly } from '../../test/support/fuzz.js';
import { isTandemError } from '../base/errors.js';
import { DynamoDbStore } from './dynamodb-store.js';
import { toItem } from './dynamodb-item.js';

const ITEM = { pk: { S: 'key' }, ...toItem({ ...sampleRecord() }), consumed_by: { S: 'contact' } };
const LINKS = { pk: { S: 'caller' }, handovers: { SS: ['key', 'other'] }, expires_at: { N: '9999999999' } };
const ANSWERS = nearly(
  {},
  { Attributes: ITEM },
  { Item: ITEM },
  { Item: LINKS },
  { Item: { pk: { S: 'tries' }, tries: { N: '3' }, expires_at: { N: '9999999999' } } },
  { Table: { TableName: 'T', TableStatus: 'ACTIVE' } },
  { __type: 'com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException', message: 'secret-summary' },
  { __type: 'com.amazonaws.dynamodb.v20120810#ThrottlingException', message: 'secret-summary' },
  { __type: 'ValidationException', Message: 'secret-summary' },
);

test('whatever DynamoDB answers, the store resolves with a whole record or rejects with an error that quotes nothing', async (t) => {
  const server = new AnsweringServer();
  const store = new DynamoDbStore({
    tableName: 'T',
    region: 'us-east-1',
    endpointUrl: await server.listen(),
    localCredentials: true,
    attemptMs: 5000,
  });
  t.after(async () => {
    await store.close();
    await server.close();
  });
  const uses: readonly (() => Promise<unknown>)[] = [
    () => store.put('key', sampleRecord()),
    () => store.update('key', { crm_url: 'https://crm.example.com' }),
    () => store.check(),
    () => store.callers.link('caller', 'key', NOW_SECONDS, NOW_SECONDS + 60),
    () => store.callers.countFailure('tries', NOW_SECONDS, 60),
    async () => assert.ok(Number.isFinite(await store.callers.failures('tries', NOW_SECONDS))),
    async () => checkRedemption(await store.redeem('key', 'contact', NOW_SECONDS)),
    async () => checkRedemption(await store.callers.redeemByCaller('caller', 'contact', NOW_SECONDS)),
  ];
  const input = fc.record({
    status: fc.constantFrom(200, 200, 200, 400, 413, 503),
    body: fc.oneof({ weight: 9, arbitrary: mangled(ANSWERS) }, fc.constant('<html>502 Bad Gateway</html>')),
    use: fc.nat(uses.length - 1),
  });
  await fuzz(
    input,
    async ({ body, status, use }) => {
      server.answer = { status, headers: { 'content-type': 'application/x-amz-json-1.0' }, body };
      const before = server.requests;
      try {
        await uses[use]?.();
      } catch (error) {
        assert.ok(isTandemError(error), String(error));
        assert.match(error.code, /^STORE_/);
        assert.doesNotMatch(error.message, /secret-summary|html/);
      }
      assert.ok(server.requests - before <= 40, 'the number of requests is bounded');
    },
    {
      runs: 200,
      found: [
        { status: 200, use: 6, body: JSON.stringify({ Attributes: { ...ITEM, handover_id: { S: [] } } }) },
        { status: 400, use: 2, body: JSON.stringify({ __type: 'the secret-summary of a call' }) },
      ],
    },
  );
});

function checkRedemption(redemption: Awaited<ReturnType<DynamoDbStore['redeem']>>): void {
  assert.ok(['valid', 'invalid', 'expired', 'used'].includes(redemption.status));
  if (redemption.status !== 'valid') return;
  for (const [name, value] of Object.entries(redemption.record)) {
    if (name === 'created_at' || name === 'expires_at') assert.ok(Number.isFinite(value), name);
    else assert.equal(typeof value, 'string', name);
  }
}
