import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { CreateTableCommand, DynamoDBClient, ScanCommand } from '@aws-sdk/client-dynamodb';
import { type ChangedAnswers, DynamoDbFront, ttlAnswer } from '../../test/support/dynamodb-front.js';
import { examine, idsOf } from '../../test/support/examine.js';
import { systemClock } from '../base/clock.js';
import { readConfig } from '../config/config.js';
import { DynamoDbStore } from '../handover/dynamodb-store.js';
import { type EmbeddedDynamoDb, startEmbeddedDynamoDb } from '../handover/embedded-dynamodb.js';
import { askTable } from './table.js';

const PEPPER = '6f1ed002ab5595859014ebf0951522d9ac35f9e0b1f2a87c';
const STORE = ['handover store'];

describe("the doctor's question to DynamoDB", () => {
  let embedded: EmbeddedDynamoDb;
  const local = { region: 'us-east-1', credentials: { accessKeyId: 'local', secretAccessKey: 'local' } };
  const saved = { ...process.env };

  before(async () => {
    process.env['AWS_ACCESS_KEY_ID'] = 'local';
    process.env['AWS_SECRET_ACCESS_KEY'] = 'local';
    embedded = await startEmbeddedDynamoDb();
    const store = new DynamoDbStore({ tableName: 'HandoverTokens', endpointUrl: embedded.endpointUrl, ...local });
    await store.createTable();
    await store.close();
  });
  after(async () => {
    for (const name of ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY']) {
      if (saved[name] === undefined) delete process.env[name];
      else process.env[name] = saved[name];
    }
    await embedded.close();
  });

  async function ask(changes: ChangedAnswers, env: Record<string, string> = {}) {
    const front = await new DynamoDbFront(embedded.endpointUrl, changes).start();
    try {
      const settings = { USE_LOCAL_DYNAMODB: 'false', HANDOVER_TOKEN_PEPPER: PEPPER, DYNAMODB_ENDPOINT_URL: front.url };
      const examined = await examine({ ...settings, ...env }, STORE);
      const ours = examined.findings.filter(({ service }) => service === 'handover store');
      return { ...examined, ids: idsOf(ours), text: ours.map(({ text }) => text).join('\n') };
    } finally {
      await front.close();
    }
  }

  test('a token is written and redeemed, its item is used up, and none of it names a caller', async () => {
    const { code, ids, text } = await ask(ttlAnswer('ENABLED'));
    assert.deepEqual([code, ids], [0, ['fine table-ready']]);
    assert.match(text, /^HandoverTokens at http:\/\/127\.0\.0\.1:\d+: a token was written and redeemed in \d\.\d s\.$/);
    const client = new DynamoDBClient({ ...local, endpoint: embedded.endpointUrl });
    const { Items: items = [] } = await client.send(new ScanCommand({ TableName: 'HandoverTokens' }));
    client.destroy();
    assert.ok(items.length > 0);
    for (const item of items) {
      assert.deepEqual([item['status']?.S, item['conversation_id']?.S], ['consumed', 'doctor']);
      assert.ok(Number(item['expires_at']?.N) <= Date.now() / 1000 + 31);
    }
  });

  test('a table that is missing is a fault that names the table and where it was looked for', async () => {
    const { code, ids, text } = await ask({}, { DYNAMODB_TABLE_NAME: 'Elsewhere' });
    assert.deepEqual([code, ids], [1, ['fault table-missing']]);
    assert.match(text, /the table Elsewhere does not exist at 127\.0\.0\.1:\d+\..*DYNAMODB_TABLE_NAME/);
  });

  test('a table with another key is a fault that names both keys', async () => {
    const client = new DynamoDBClient({ ...local, endpoint: embedded.endpointUrl });
    const wrong = (name: string, type: 'S' | 'N') =>
      new CreateTableCommand({
        TableName: `Wrong-${name}-${type}`,
        BillingMode: 'PAY_PER_REQUEST',
        KeySchema: [{ AttributeName: name, KeyType: 'HASH' }],
        AttributeDefinitions: [{ AttributeName: name, AttributeType: type }],
      });
    await client.send(wrong('id', 'S'));
    await client.send(wrong('pk', 'N'));
    client.destroy();
    for (const [table, key] of [
      ['Wrong-id-S', 'id (S)'],
      ['Wrong-pk-N', 'pk (N)'],
    ] as const) {
      const { code, ids, text } = await ask({}, { DYNAMODB_TABLE_NAME: table });
      assert.deepEqual([code, ids], [1, ['fault table-key']]);
      assert.ok(text.includes(`has the key ${key} instead of pk (S)`), text);
    }
  });

  for (const [what, changes, text] of [
    ['off', ttlAnswer('DISABLED'), /^TTL is off.*update-time-to-live --region us-east-1 --table-name HandoverTokens/],
    ['on for another attribute', ttlAnswer('ENABLED', 'ttl'), /^TTL is on for ttl/],
    [
      'unknown without the permission',
      { DescribeTimeToLive: 'AccessDeniedException' },
      /AccessDeniedException.*dynamodb:DescribeTimeToLive/,
    ],
    [
      'unknown to a store that has none',
      { DescribeTimeToLive: 'UnknownOperationException' },
      /UnknownOperationException/,
    ],
  ] as [string, ChangedAnswers, RegExp][]) {
    test(`a table whose TTL is ${what} is a note`, async () => {
      const { code, findings, ids } = await ask(changes);
      assert.deepEqual([code, ids], [0, ['fine table-ready', 'advice table-ttl']]);
      assert.match(findings.at(-1)?.text ?? '', text);
    });
  }

  for (const operation of ['DescribeTable', 'PutItem', 'UpdateItem', 'GetItem']) {
    test(`a missing permission for ${operation} is a fault that names it`, async () => {
      const { code, ids, text } = await ask({ ...ttlAnswer('ENABLED'), [operation]: 'AccessDeniedException' });
      assert.deepEqual([code, ids], [1, ['fault table-access']]);
      assert.ok(text.includes(`DynamoDB ${operation} was refused (AccessDeniedException)`), text);
    });
  }

  test('a table that takes longer than a call waits is a note', async () => {
    const front = await new DynamoDbFront(embedded.endpointUrl, ttlAnswer('ENABLED')).start();
    let nowMs = 0;
    const clock = { ...systemClock, now: () => (nowMs += 1500) };
    try {
      const settings = { USE_LOCAL_DYNAMODB: 'false', HANDOVER_TOKEN_PEPPER: PEPPER, DYNAMODB_ENDPOINT_URL: front.url };
      const findings = await askTable(readConfig(settings).handover, clock);
      assert.deepEqual(idsOf(findings), ['advice table-slow']);
      assert.match(findings[0]?.text ?? '', /To write it took 1\.5 s, and a call waits 1 s/);
    } finally {
      await front.close();
    }
  });

  test('an endpoint where nothing listens is a fault', async () => {
    const { code, ids } = await ask({}, { DYNAMODB_ENDPOINT_URL: 'http://127.0.0.1:2' });
    assert.deepEqual([code, ids], [1, ['fault table-unreachable']]);
  });

  test('in local mode the doctor has the table made at an endpoint', async () => {
    const { code, only } = await examine(
      {
        USE_LOCAL_DYNAMODB: 'true',
        DYNAMODB_ENDPOINT_URL: embedded.endpointUrl,
        DYNAMODB_TABLE_NAME: 'MadeByTheDoctor',
      },
      STORE,
    );
    assert.equal(code, 0);
    assert.match(only('table-ready').text, /^MadeByTheDoctor at http:.*local mode\.$/);
  });

  test('the embedded store is fine and says that its records are lost', async () => {
    const { code, only } = await examine({ USE_LOCAL_DYNAMODB: 'true' }, STORE);
    assert.equal(code, 0);
    assert.match(only('table-ready').text, /^Embedded\. Records are lost/);
  });
});
