import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CHECKS } from './doctor/checks.js';
import type { Check } from './doctor/finding.js';
import { diagnose, lineOf } from './doctor.js';
import { DynamoDbStore } from './handover/dynamodb-store.js';
import { startEmbeddedDynamoDb } from './handover/embedded-dynamodb.js';
import { DynamoDbFront } from '../test/support/dynamodb-front.js';

/** Leaves out the voice check, because loading the speech models is tested with the local provider. */
const withoutVoice = CHECKS.filter(({ name }) => name !== 'voice');

async function examine(env: Record<string, string>, checks: readonly Check[] = withoutVoice) {
  const lines: string[] = [];
  const code = await diagnose(env, (name, finding) => lines.push(lineOf(name, finding)), checks);
  return { code, lines, about: (name: string) => lines.find((line) => line.includes(`  ${name}: `)) ?? '' };
}

const REAL = {
  USE_LOCAL_DYNAMODB: 'false',
  AWS_ACCESS_KEY_ID: 'local',
  CONNECT_PHONE_NUMBER: '+12065550123',
  PUBLIC_HOST: 'gateway.example.com',
  TWILIO_AUTH_TOKEN: '0123456789abcdef0123456789abcdef',
  HANDOVER_TOKEN_PEPPER: '6f1ed002ab5595859014ebf0951522d9ac35f9e0b1f2a87c',
};

/** Runs `body` with AWS credentials in the environment, where the SDK looks for them. */
async function withCredentials(body: () => Promise<void>): Promise<void> {
  const names = ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'] as const;
  const saved = names.map((name) => process.env[name]);
  for (const name of names) process.env[name] = 'local';
  try {
    await body();
  } finally {
    names.forEach((name, index) => {
      const value = saved[index];
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    });
  }
}

test('the doctor finds no fault in local mode without any configuration', async () => {
  const { code, lines, about } = await examine({});
  assert.equal(code, 0);
  assert.match(about('handover store'), /^ok .*Embedded/);
  assert.match(about('token pepper'), /^note /);
  assert.equal(lines.length, withoutVoice.filter(({ applies }) => applies === undefined).length + 1);
});

test('the doctor stops at an invalid variable and does not show its secret value', async () => {
  const { code, lines } = await examine({ ...REAL, HANDOVER_TOKEN_PEPPER: 'short-secret' });
  assert.equal(code, 1);
  assert.equal(lines.length, 1);
  assert.match(lines[0] ?? '', /^FAULT .*HANDOVER_TOKEN_PEPPER/);
  assert.ok(!lines.join().includes('short-secret'));
});

test('the doctor reports a missing table as a fault that says what to do, and none once the table exists', async () => {
  const embedded = await startEmbeddedDynamoDb();
  const front = await new DynamoDbFront(embedded.endpointUrl).start();
  const env = { ...REAL, DYNAMODB_ENDPOINT_URL: front.url };
  const store = new DynamoDbStore({
    tableName: 'HandoverTokens',
    region: 'us-east-1',
    endpointUrl: embedded.endpointUrl,
    localCredentials: true,
  });
  try {
    await withCredentials(async () => {
      const missing = await examine(env);
      assert.equal(missing.code, 1);
      assert.match(missing.about('handover store'), /^FAULT .*Create the table named by DYNAMODB_TABLE_NAME/);
      await store.createTable();
      const kept = await examine(env);
      assert.equal(kept.code, 0);
      assert.match(
        kept.about('handover store'),
        /^note .*HandoverTokens in http:.* keeps expired records\. Enable TTL/,
      );
      front.timeToLive = { TimeToLiveStatus: 'ENABLED', AttributeName: 'expires_at' };
      const there = await examine(env);
      assert.equal(there.code, 0);
      assert.match(there.about('handover store'), /deletes expired records\.$/);
      assert.ok(there.lines.every((line) => line.startsWith('ok ')));
      assert.ok(!there.lines.join().includes(REAL.HANDOVER_TOKEN_PEPPER));
      assert.ok(!there.lines.join().includes(REAL.TWILIO_AUTH_TOKEN));
    });
  } finally {
    await store.close();
    await front.close();
    await embedded.close();
  }
});

test('the doctor says that it may not ask whether the table deletes expired records', async () => {
  const embedded = await startEmbeddedDynamoDb();
  const front = await new DynamoDbFront(embedded.endpointUrl).start();
  const store = new DynamoDbStore({
    tableName: 'HandoverTokens',
    region: 'us-east-1',
    endpointUrl: embedded.endpointUrl,
    localCredentials: true,
  });
  try {
    await store.createTable();
    front.timeToLive = 'refused';
    await withCredentials(async () => {
      const { about, code } = await examine({ ...REAL, DYNAMODB_ENDPOINT_URL: front.url });
      assert.equal(code, 0);
      assert.match(about('handover store'), /^note .*is not known; allow dynamodb:DescribeTimeToLive/);
    });
  } finally {
    await store.close();
    await front.close();
    await embedded.close();
  }
});

test('in local mode with an endpoint the doctor has the table created there', async () => {
  const embedded = await startEmbeddedDynamoDb();
  try {
    const { about } = await examine({ USE_LOCAL_DYNAMODB: 'true', DYNAMODB_ENDPOINT_URL: embedded.endpointUrl });
    assert.match(about('handover store'), /^ok .*HandoverTokens in http:.*local mode/);
  } finally {
    await embedded.close();
  }
});

test('a gateway that can be reached without signatures is a fault for the doctor, behind a tunnel, too', async () => {
  const checks = CHECKS.filter(({ name }) => name === 'Twilio signature');
  const tunnel = { PUBLIC_HOST: 'abc.ngrok.app' };
  const open = await examine(tunnel, checks);
  assert.equal(open.code, 1);
  assert.match(open.about('configuration'), /Every variable is valid/);
  assert.match(open.lines[1] ?? '', /^note .*PUBLIC_HOST is abc\.ngrok\.app.*anyone .* can place calls/);
  assert.match(open.about('Twilio signature'), /^FAULT .*anyone can place calls/);
  const meant = await examine({ ...tunnel, ALLOW_UNSIGNED_WEBHOOKS: 'true' }, checks);
  assert.equal(meant.code, 0);
  assert.match(meant.about('Twilio signature'), /^note .*anyone can place calls/);
  assert.match((await examine({}, checks)).about('Twilio signature'), /^note .*for this machine only/);
});

test('a setting that keeps callers from a human is a fault for the doctor; a weak pepper is a note', async () => {
  const { CONNECT_PHONE_NUMBER: _number, PUBLIC_HOST: _host, ...rest } = REAL;
  const checks = withoutVoice.filter(({ name }) => name !== 'handover store');
  const { code, about } = await examine(
    { ...rest, HANDOVER_TOKEN_PEPPER: 'pepperpepperpepperpepperpepperpepper' },
    checks,
  );
  assert.equal(code, 1);
  assert.match(about('Connect number'), /^FAULT /);
  assert.match(about('public host'), /^FAULT /);
  assert.match(about('token pepper'), /^note /);
});

test('a check that throws is a fault for the doctor, one that does not apply is skipped, and the others run', async () => {
  const { code, lines } = await examine({}, [
    { name: 'broken', run: () => Promise.reject(new Error('secret')) },
    { name: 'unused', applies: () => false, run: () => assert.fail('not asked for') },
    { name: 'last', run: () => ({ result: 'fine', text: 'there' }) },
  ]);
  assert.equal(code, 1);
  assert.deepEqual(lines.slice(1), [
    'FAULT  broken: This check failed unexpectedly. Please report it as a bug.',
    'ok     last: there',
  ]);
});

test('the doctor says that webhook rules may override the connection settings once shared keys are set', async () => {
  const checks = CHECKS.filter(({ name }) => name === 'Twilio signature');
  const { code, about, lines } = await examine({ ...REAL, TWILIO_WEBHOOK_SHARED_KEYS: 'a-shared-key' }, checks);
  assert.equal(code, 0);
  assert.match(about('Twilio signature'), /^note .*webhook rule.*overrides #ct=/);
  assert.ok(!lines.join().includes('a-shared-key'));
  assert.match((await examine(REAL, checks)).about('Twilio signature'), /^ok /);
});

test('the doctor says on which port the metrics are and who may read them', async () => {
  const checks = CHECKS.filter(({ name }) => name === 'metrics');
  assert.match((await examine(REAL, checks)).about('metrics'), /^ok .*private addresses.*Set METRICS_PORT/);
  assert.match((await examine({ ...REAL, METRICS_PORT: '9100' }, checks)).about('metrics'), /port 9100 alone/);
});
