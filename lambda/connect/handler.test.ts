import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { DynamoDbStore } from '../../src/handover/dynamodb-store.js';
import { type EmbeddedDynamoDb, startEmbeddedDynamoDb } from '../../src/handover/embedded-dynamodb.js';
import { sampleRecord } from '../../test/contracts/handover-store.js';
import { tokenKey } from '../../src/handover/token.js';

type Handler = (event: unknown) => Promise<Record<string, string>>;

const TOKEN = '4071829365';
const PEPPER = 'a-pepper-for-this-test';
const SETTINGS = ['DYNAMODB_TABLE_NAME', 'DYNAMODB_ENDPOINT_URL', 'HANDOVER_TOKEN_PEPPER', 'AWS_REGION'] as const;
const saved = new Map(SETTINGS.map((name) => [name, process.env[name]]));

let embedded: EmbeddedDynamoDb;
let store: DynamoDbStore;

before(async () => {
  embedded = await startEmbeddedDynamoDb();
  store = new DynamoDbStore({
    tableName: 'LambdaTest',
    region: 'us-east-1',
    endpointUrl: embedded.endpointUrl,
    localCredentials: true,
  });
  await store.createTable();
});

after(async () => {
  for (const [name, value] of saved) setEnvironment(name, value);
  await store.close();
  await embedded.close();
});

function setEnvironment(name: string, value: string | undefined): void {
  if (value === undefined) delete process.env[name];
  else process.env[name] = value;
}

/** Loads a fresh instance of the bundle that is deployed. */
async function built(copy: string): Promise<Handler> {
  const file = new URL(`./index.mjs?${copy}`, import.meta.url).href;
  return ((await import(file)) as { handler: Handler }).handler;
}

const event = (contactId: string, token: string): unknown => ({
  Details: { ContactData: { ContactId: contactId }, Parameters: { action: 'redeem_token', token } },
});

/** Runs `work` and captures the lines it writes to the console. */
async function overheard<T>(work: () => Promise<T>): Promise<{ result: T; lines: string[] }> {
  const lines: string[] = [];
  const { log } = console;
  console.log = (line: string) => void lines.push(line);
  try {
    return { result: await work(), lines };
  } finally {
    console.log = log;
  }
}

test('the deployed Lambda redeems a token repeatedly for the same contact and for no other', async () => {
  setEnvironment('DYNAMODB_TABLE_NAME', 'LambdaTest');
  setEnvironment('DYNAMODB_ENDPOINT_URL', embedded.endpointUrl);
  setEnvironment('HANDOVER_TOKEN_PEPPER', PEPPER);
  setEnvironment('AWS_REGION', 'us-east-1');
  const nowSeconds = Math.floor(Date.now() / 1000);
  const record = sampleRecord({ created_at: nowSeconds, expires_at: nowSeconds + 600 });
  await store.put(tokenKey(PEPPER, TOKEN), record);

  const { result, lines } = await overheard(async () => {
    const handler = await built('redeems');
    const ask = async (contact: string, token: string) => (await handler(event(contact, token)))['token_status'];
    return {
      first: await handler(event('contact-1', TOKEN)),
      statuses: [
        await ask('contact-1', `4407182936${TOKEN}`),
        await ask('contact-2', TOKEN),
        await ask('contact-2', '1234567890'),
      ],
    };
  });
  assert.equal(result.first['handover_id'], record.handover_id);
  assert.equal(result.first['summary'], record.summary);
  assert.deepEqual(result.statuses, ['valid', 'used', 'invalid']);

  const metrics = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  assert.deepEqual(
    metrics.flatMap((metric) => metric['token_status'] ?? []),
    ['valid', 'valid', 'used', 'invalid'],
  );
  const alarm = metrics.filter((metric) => metric['invalid_tokens'] === 1);
  assert.equal(alarm.length, 1);
  assert.match(JSON.stringify(alarm), /"Dimensions":\[\[\]\].*"Name":"invalid_tokens"/);
  assert.ok(!lines.join().includes(TOKEN));
});

test('the deployed Lambda answers with an error instead of throwing if HANDOVER_TOKEN_PEPPER is not set', async () => {
  setEnvironment('HANDOVER_TOKEN_PEPPER', undefined);
  const { result } = await overheard(async () => (await built('no-pepper'))(event('contact-1', TOKEN)));
  assert.equal(result['token_status'], 'error');
  assert.equal(result['success'], 'false');
});
