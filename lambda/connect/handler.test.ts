import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
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

type Line = Record<string, unknown>;

/** Runs `work` and captures the lines that it writes to standard output. Whatever else is written passes. */
async function overheard<T>(work: () => Promise<T>): Promise<{ result: T; lines: Line[]; text: string }> {
  const written: string[] = [];
  const { stdout } = process;
  const write = stdout.write.bind(stdout);
  const { log } = console;
  console.log = () => assert.fail('with the log format JSON, Lambda wraps what the console writes');
  stdout.write = (text: string | Uint8Array, ...rest: unknown[]): boolean => {
    if (typeof text !== 'string' || !text.startsWith('{')) return write(text, ...(rest as []));
    written.push(text);
    return true;
  };
  try {
    const result = await work();
    const text = written.join('');
    const lines = text.split('\n').filter((line) => line !== '');
    return { result, lines: lines.map((line) => JSON.parse(line) as Line), text };
  } finally {
    stdout.write = write;
    console.log = log;
  }
}

/** The values of one metric, in the order in which they were written. */
const valuesOf = (lines: readonly Line[], name: string): unknown[] => lines.flatMap((line) => line[name] ?? []);

test('the deployed Lambda redeems a token repeatedly for the same contact and for no other', async () => {
  setEnvironment('DYNAMODB_TABLE_NAME', 'LambdaTest');
  setEnvironment('DYNAMODB_ENDPOINT_URL', embedded.endpointUrl);
  setEnvironment('HANDOVER_TOKEN_PEPPER', PEPPER);
  setEnvironment('AWS_REGION', 'us-east-1');
  const nowSeconds = Math.floor(Date.now() / 1000);
  const record = sampleRecord({ created_at: nowSeconds, expires_at: nowSeconds + 600 });
  await store.put(tokenKey(PEPPER, TOKEN), record);

  const { result, lines, text } = await overheard(async () => {
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

  const counted = lines.filter((line) => line['redemptions'] === 1);
  assert.deepEqual(valuesOf(counted, 'token_status'), ['valid', 'valid', 'used', 'invalid']);
  assert.deepEqual(valuesOf(lines, 'healthy'), [1, 1, 1, 1]);
  const alarm = lines.filter((line) => line['invalid_tokens'] === 1);
  assert.equal(alarm.length, 1);
  assert.match(JSON.stringify(alarm), /"Dimensions":\[\[\]\].*"Name":"invalid_tokens"/);
  assert.ok(!text.includes(TOKEN));

  const told = lines.filter((line) => 'msg' in line);
  assert.deepEqual(valuesOf(told, 'contact_id'), ['contact-1', 'contact-1', 'contact-2', 'contact-2']);
  assert.deepEqual(valuesOf(told, 'handover_id'), [record.handover_id, record.handover_id]);
  assert.deepEqual(valuesOf(told, 'conversation_id'), [record.conversation_id, record.conversation_id]);
  assert.ok(!text.includes(record.customer_phone) && !text.includes(record.summary), 'nothing private');
});

/** A server that answers every request of the SDK with an error of DynamoDB. */
async function refusing(name: string): Promise<{ url: string; close: () => Promise<void> }> {
  const server = createServer((request, response) => {
    request.resume().on('end', () => {
      response.writeHead(400, { 'content-type': 'application/x-amz-json-1.0' });
      response.end(JSON.stringify({ __type: `com.amazonaws.dynamodb.v20120810#${name}`, message: 'no' }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

const CAUSES: readonly (readonly [cause: string, answer: string | undefined, code: string, health: number[]])[] = [
  ['AccessDenied', 'AccessDeniedException', 'STORE_REJECTED', [0]],
  ['a throttle', 'ProvisionedThroughputExceededException', 'STORE_THROTTLED', []],
  ['a missing table', 'ResourceNotFoundException', 'STORE_TABLE_MISSING', [0]],
  ['a refused connection', undefined, 'STORE_UNREACHABLE', []],
];

for (const [cause, name, code, health] of CAUSES) {
  test(`the deployed Lambda says with the contact and a code that it failed because of ${cause}`, async () => {
    const server = await refusing(name ?? '');
    if (name === undefined) await server.close();
    setEnvironment('DYNAMODB_TABLE_NAME', 'LambdaTest');
    setEnvironment('DYNAMODB_ENDPOINT_URL', server.url);
    setEnvironment('HANDOVER_TOKEN_PEPPER', PEPPER);
    setEnvironment('AWS_REGION', 'us-east-1');
    const { result, lines, text } = await overheard(async () => (await built(code))(event('contact-7', TOKEN)));
    if (name !== undefined) await server.close();
    assert.equal(result['token_status'], 'error');
    const told = lines.find((line) => line['level'] === 'error');
    assert.deepEqual([told?.['code'], told?.['contact_id']], [code, 'contact-7'], text);
    assert.match(String(told?.['error']), name === undefined ? /ECONNREFUSED/ : /DynamoDB UpdateItem/);
    const failures = lines.filter((line) => line['failures'] === 1);
    assert.deepEqual(valuesOf(failures, 'code'), [code]);
    assert.match(JSON.stringify(failures), /"Dimensions":\[\["code"\]\]/);
    assert.deepEqual(valuesOf(lines, 'healthy'), health);
    assert.ok(!text.includes(TOKEN) && !text.includes(PEPPER));
  });
}

test('a contact id that is none is not written down by the Lambda', async () => {
  setEnvironment('HANDOVER_TOKEN_PEPPER', undefined);
  const { text } = await overheard(async () => (await built('odd-contact'))(event('+1 202 555 0123 {', TOKEN)));
  assert.ok(!/202\D*555\D*0123/.test(text) && !text.includes('contact_id'));
});

test('the deployed Lambda says which setting is wrong, and answers with an error instead of throwing', async () => {
  for (const [name, value, what] of [
    ['HANDOVER_TOKEN_PEPPER', undefined, /Neither HANDOVER_TOKEN_PEPPER_SECRET_ARN nor HANDOVER_TOKEN_PEPPER is set/],
    ['HANDOVER_TOKEN_PEPPER', `"${PEPPER}"`, /HANDOVER_TOKEN_PEPPER .*quotation marks/],
    ['HANDOVER_CALLER_MATCH', 'perhaps', /HANDOVER_CALLER_MATCH .*expected true or false/],
  ] as const) {
    const before = process.env[name];
    setEnvironment(name, value);
    const { result, lines, text } = await overheard(async () => (await built(what.source))(event('contact-1', TOKEN)));
    setEnvironment(name, before);
    assert.deepEqual([result['token_status'], result['success']], ['error', 'false']);
    const told = lines.find((line) => line['level'] === 'error');
    assert.deepEqual([told?.['code'], told?.['contact_id']], ['CONFIG_INVALID', 'contact-1']);
    assert.match(String(told?.['error']), what);
    assert.deepEqual(valuesOf(lines, 'healthy'), [0]);
    assert.ok(!text.includes(PEPPER) && !text.includes(TOKEN));
  }
});

test('the deployed Lambda takes the pepper from Secrets Manager while it loads, and trims it as the gateway does', async () => {
  const service = await new SecretsManagerSim().start();
  try {
    service.answer = { secret: `${PEPPER}\n` };
    setEnvironment('HANDOVER_TOKEN_PEPPER', undefined);
    setEnvironment('DYNAMODB_ENDPOINT_URL', embedded.endpointUrl);
    for (const [name, value] of Object.entries(service.env)) setEnvironment(name, value);
    const nowSeconds = Math.floor(Date.now() / 1000);
    const record = sampleRecord({ created_at: nowSeconds, expires_at: nowSeconds + 600 });
    await store.put(tokenKey(PEPPER, '1029384756'), record);
    const { result, text } = await overheard(async () => {
      const handler = await built('secret');
      assert.equal(service.requests, 1, 'asked while it loads');
      return handler(event('contact-1', '1029384756'));
    });
    assert.equal(result['token_status'], 'valid');
    assert.equal(service.requests, 1);
    assert.deepEqual(service.problems, []);
    assert.ok(!text.includes(PEPPER));
  } finally {
    await service.close();
  }
});
