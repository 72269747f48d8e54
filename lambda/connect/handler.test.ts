import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { DynamoDbStore } from '../../src/handover/dynamodb-store.js';
import { type EmbeddedDynamoDb, startEmbeddedDynamoDb } from '../../src/handover/embedded-dynamodb.js';
import { sampleRecord } from '../../test/contracts/handover-store.js';
import { tokenKey } from '../../src/handover/token.js';
import { SecretsManagerSim } from '../../test/support/secrets-manager.js';

type Handler = (event: unknown) => Promise<Record<string, string>>;

const TOKEN = '4071829365';
const PEPPER = 'a-pepper-for-this-test';
const SETTINGS = [
  'DYNAMODB_TABLE_NAME',
  'DYNAMODB_ENDPOINT_URL',
  'HANDOVER_TOKEN_PEPPER',
  'HANDOVER_TOKEN_PEPPER_SECRET_ARN',
  'AWS_ACCESS_KEY_ID',
  'AWS_SECRET_ACCESS_KEY',
  'AWS_SESSION_TOKEN',
  'AWS_ENDPOINT_URL_SECRETS_MANAGER',
  'AWS_REGION',
] as const;
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

test('the deployed Lambda says which setting is wrong, and answers with an error instead of throwing', async () => {
  for (const [name, value, what] of [
    ['HANDOVER_TOKEN_PEPPER', undefined, /Neither HANDOVER_TOKEN_PEPPER_SECRET_ARN nor HANDOVER_TOKEN_PEPPER is set/],
    ['HANDOVER_TOKEN_PEPPER', `"${PEPPER}"`, /HANDOVER_TOKEN_PEPPER .*quotation marks/],
    ['HANDOVER_CALLER_MATCH', 'perhaps', /HANDOVER_CALLER_MATCH .*expected true or false/],
  ] as const) {
    const before = process.env[name];
    setEnvironment(name, value);
    const { result, lines } = await overheard(async () => (await built(what.source))(event('contact-1', TOKEN)));
    setEnvironment(name, before);
    assert.deepEqual([result['token_status'], result['success']], ['error', 'false']);
    const [line = ''] = lines;
    const { code, level, notice } = JSON.parse(line) as Record<string, string>;
    assert.deepEqual([level, code], ['error', 'CONFIG_INVALID']);
    assert.match(notice ?? '', what);
    assert.ok(!lines.join().includes(PEPPER) && !lines.join().includes(TOKEN));
  }
});

test('the deployed Lambda takes the pepper from Secrets Manager while it loads, and trims it as the gateway does', async () => {
  const service = await new SecretsManagerSim().start();
  try {
    service.answer = { secret: `${PEPPER}\n` };
    setEnvironment('HANDOVER_TOKEN_PEPPER', undefined);
    for (const [name, value] of Object.entries(service.env)) setEnvironment(name, value);
    const nowSeconds = Math.floor(Date.now() / 1000);
    const record = sampleRecord({ created_at: nowSeconds, expires_at: nowSeconds + 600 });
    await store.put(tokenKey(PEPPER, '1029384756'), record);
    const { result, lines } = await overheard(async () => {
      const handler = await built('secret');
      assert.equal(service.requests, 1, 'asked while it loads');
      return handler(event('contact-1', '1029384756'));
    });
    assert.equal(result['token_status'], 'valid');
    assert.equal(service.requests, 1);
    assert.deepEqual(service.problems, []);
    assert.ok(!lines.join().includes(PEPPER));
  } finally {
    await service.close();
  }
});
