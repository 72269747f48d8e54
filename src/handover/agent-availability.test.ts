import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ConnectApi } from '../../sim/connect-api/server.js';
import { FakeClock } from '../../test/support/fake-clock.js';
import { startEndlessServer } from '../../test/support/endless-server.js';
import { startStallingServer } from '../../test/support/stalling-server.js';
import { until } from '../../test/support/rig.js';
import { createLogger } from '../telemetry/log.js';
import { type AvailabilityRule, ConnectAgents } from './agent-availability.js';

const QUEUE = 'arn:aws:connect:us-east-1:000000000000:instance/i-1/queue/q-1';
const OTHER = 'arn:aws:connect:us-east-1:000000000000:instance/i-1/queue/q-2';

interface Asked {
  api: ConnectApi;
  agents: ConnectAgents;
  clock: FakeClock;
  counts: string[];
  logged: string[];
}

async function withApi(rule: AvailabilityRule, body: (asked: Asked) => Promise<void>): Promise<void> {
  const api = new ConnectApi({ instanceId: 'i-1' });
  const clock = new FakeClock();
  const counts: string[] = [];
  const logged: string[] = [];
  const agents = new ConnectAgents({
    instanceId: 'i-1',
    region: 'us-east-1',
    endpointUrl: await api.start(),
    rule,
    defaultQueueArn: QUEUE,
    clock,
    log: createLogger({ level: 'warn', destination: { write: (line) => void logged.push(line) } }),
    localCredentials: true,
    count: (result) => counts.push(result),
  });
  try {
    await body({ api, agents, clock, counts, logged });
    assert.deepEqual(api.refusals, []);
    assert.equal(clock.timers, 0);
  } finally {
    agents.close();
    await api.close();
  }
}

test('a queue without agents is unavailable; one whose agents are all busy is reachable unless an agent must be free', async () => {
  for (const [rule, staffed, available, expected] of [
    ['staffed', 0, 0, 'unavailable'],
    ['staffed', 2, 0, 'reachable'],
    ['available', 2, 0, 'unavailable'],
    ['available', 2, 1, 'reachable'],
  ] as const) {
    await withApi(rule, async ({ agents, api, counts }) => {
      api.queues.set(QUEUE, { AGENTS_STAFFED: staffed, AGENTS_AVAILABLE: available });
      assert.equal(await agents.reach(''), expected);
      assert.deepEqual(counts, [expected]);
    });
  }
});

test("Amazon Connect's answer about a queue is shared by concurrent callers and cached for five seconds", async () => {
  await withApi('staffed', async ({ agents, api, clock }) => {
    api.queues.set(QUEUE, { AGENTS_STAFFED: 0 });
    api.queues.set(OTHER, { AGENTS_STAFFED: 1 });
    const answers = await Promise.all(Array.from({ length: 20 }, () => agents.reach(QUEUE)));
    assert.deepEqual(new Set(answers), new Set(['unavailable']));
    assert.equal(await agents.reach(OTHER), 'reachable');
    assert.equal(api.asked, 2);
    api.queues.set(QUEUE, { AGENTS_STAFFED: 3 });
    clock.advance(4999);
    assert.equal(await agents.reach(QUEUE), 'unavailable');
    clock.advance(1);
    assert.equal(await agents.reach(QUEUE), 'reachable');
    assert.equal(api.asked, 3);
  });
});

test('a queue counts as reachable if Amazon Connect has no data, fails or throttles', async () => {
  await withApi('staffed', async ({ agents, api, clock, counts, logged }) => {
    assert.equal(await agents.reach(QUEUE), 'reachable', 'a queue without a row');
    clock.advance(5000);
    api.queues.set(QUEUE, { AGENTS_STAFFED: undefined });
    assert.equal(await agents.reach(QUEUE), 'reachable', 'a row without a value');
    for (const fault of ['throttled', 'broken', 'proxy'] as const) {
      clock.advance(5000);
      api.fault = fault;
      assert.equal(await agents.reach(QUEUE), 'reachable', fault);
    }
    assert.deepEqual(counts, ['unknown', 'unknown', 'unknown', 'unknown', 'unknown']);
    const [throttled, broken, proxy] = logged;
    assert.match(throttled ?? '', /"type":"ThrottlingException"/);
    assert.match(broken ?? '', /"type":"InternalServiceException"/);
    assert.match(proxy ?? '', /"status":502/);
    assert.doesNotMatch(logged.join(), /html/);
  });
});

test('a queue counts as reachable if Amazon Connect takes longer than 300 ms to answer', async () => {
  await withApi('staffed', async ({ agents, api, clock, counts }) => {
    api.fault = 'hung';
    const reach = agents.reach(QUEUE);
    await until(() => api.asked === 1, 'the question');
    clock.advance(299);
    assert.equal(await Promise.race([reach, Promise.resolve('waiting')]), 'waiting');
    clock.advance(1);
    assert.equal(await reach, 'reachable');
    assert.deepEqual(counts, ['late']);
    // The connection ends with the API, and with it the question.
    await api.close();
    await until(() => counts.length === 2, 'the end of the question');
  });
});

test('the simulated Connect API refuses another instance, a wrong body and a request without a signature', async () => {
  const api = new ConnectApi({ instanceId: 'i-1' });
  const endpoint = await api.start();
  const signed = {
    authorization: `AWS4-HMAC-SHA256 Credential=k/20260101/us-east-1/connect/aws4_request, SignedHeaders=host, Signature=${'0'.repeat(64)}`,
  };
  const ask = async (path: string, headers: Record<string, string>, body: unknown): Promise<string> => {
    const response = await fetch(`${endpoint}${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
    await response.text();
    return `${response.status} ${response.headers.get('x-amzn-errortype')}`;
  };
  const body = {
    Filters: { Queues: [QUEUE], Channels: ['VOICE'] },
    Groupings: ['QUEUE'],
    CurrentMetrics: [{ Name: 'AGENTS_STAFFED', Unit: 'COUNT' }],
  };
  assert.equal(await ask('/metrics/current/i-1', signed, body), '200 null');
  assert.equal(await ask('/metrics/current/i-1', {}, body), '403 MissingAuthenticationTokenException');
  assert.equal(await ask('/metrics/current/i-2', signed, body), '404 ResourceNotFoundException');
  assert.equal(await ask('/metrics/i-1', signed, body), '404 UnknownOperationException');
  assert.equal(
    await ask('/metrics/current/i-1', signed, { ...body, CurrentMetrics: [] }),
    '400 InvalidRequestException',
  );
  assert.equal(await ask('/metrics/current/i-1', signed, { ...body, Surplus: 1 }), '400 InvalidRequestException');
  await api.close();
});

test('an answer of Amazon Connect that stalls after its head is given up, and the queue is asked about again', async () => {
  const server = await startStallingServer();
  const clock = new FakeClock();
  const counts: string[] = [];
  const agents = new ConnectAgents({
    instanceId: 'i-1',
    region: 'us-east-1',
    endpointUrl: server.url,
    rule: 'staffed',
    defaultQueueArn: QUEUE,
    clock,
    log: createLogger({ level: 'silent' }),
    localCredentials: true,
    count: (result) => counts.push(result),
  });
  try {
    for (const requests of [1, 2]) {
      const asked = agents.reach(QUEUE);
      await until(() => server.requests() === requests && server.open() === 1, 'the question');
      clock.advance(300);
      assert.equal(await asked, 'reachable');
      clock.advance(3000);
      await until(() => counts.length === 2 * requests, 'the end of the question');
      await until(() => server.open() === 0, 'the connection is closed');
      // What was learnt of the failure is kept for five seconds.
      clock.advance(5000);
    }
    assert.deepEqual(counts, ['late', 'unknown', 'late', 'unknown']);
    assert.equal(clock.timers, 0);
  } finally {
    agents.close();
    await server.close();
  }
});

test('a question whose credentials never come is given up, and the queue is asked about again', async () => {
  const clock = new FakeClock();
  const counts: string[] = [];
  let searches = 0;
  const agents = new ConnectAgents({
    instanceId: 'i-1',
    region: 'us-east-1',
    endpointUrl: 'http://127.0.0.1:1',
    rule: 'staffed',
    defaultQueueArn: QUEUE,
    clock,
    log: createLogger({ level: 'silent' }),
    credentials: () => {
      searches++;
      return new Promise(() => undefined);
    },
    count: (result) => counts.push(result),
  });
  try {
    for (const times of [1, 2]) {
      const asked = agents.reach(QUEUE);
      clock.advance(300);
      assert.equal(await asked, 'reachable');
      clock.advance(2700);
      await until(() => counts.length === 2 * times, 'the end of the question');
      clock.advance(5000);
    }
    assert.deepEqual(counts, ['late', 'unknown', 'late', 'unknown']);
    assert.ok(searches > 0);
    assert.equal(clock.timers, 0);
  } finally {
    agents.close();
  }
});

test('an answer of Amazon Connect without end is not read to its end', async () => {
  const server = await startEndlessServer();
  const counts: string[] = [];
  const agents = new ConnectAgents({
    instanceId: 'i-1',
    region: 'us-east-1',
    endpointUrl: server.url,
    rule: 'staffed',
    defaultQueueArn: QUEUE,
    clock: new FakeClock(),
    log: createLogger({ level: 'silent' }),
    localCredentials: true,
    count: (result) => counts.push(result),
  });
  try {
    assert.equal(await agents.reach(QUEUE), 'reachable');
    assert.deepEqual(counts, ['unknown']);
    await until(() => server.open() === 0, 'the connection is closed');
    assert.ok(server.sentBytes() < 16_000_000, String(server.sentBytes()));
  } finally {
    agents.close();
    await server.close();
  }
});
