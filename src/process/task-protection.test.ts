import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type Server, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { setTimeout as realTime } from 'node:timers/promises';
import { FakeClock } from '../../test/support/fake-clock.js';
import { TaskProtection } from './task-protection.js';

const MINUTE_MS = 60_000;

describe('the protection of a task on ECS', () => {
  let agent: Server;
  let status: number;
  let wishes: string[];
  let failures: string[];
  let calls: number;
  let clock: FakeClock;
  let protection: TaskProtection;

  beforeEach(async () => {
    [status, wishes, failures, calls] = [200, [], [], 0];
    agent = createServer((request, response) => {
      let body = '';
      request.on('data', (text: Buffer) => (body += text.toString()));
      request.on('end', () => {
        wishes.push(`${request.method} ${request.url} ${body}`);
        response.writeHead(status).end('{}');
      });
    }).listen(0, '127.0.0.1');
    await once(agent, 'listening');
    clock = new FakeClock();
    protection = new TaskProtection({
      agentUrl: `http://127.0.0.1:${(agent.address() as AddressInfo).port}/api`,
      clock,
      activeCalls: () => calls,
      onFailure: (reason) => failures.push(reason),
    });
    protection.start();
  });
  afterEach(async () => {
    protection.close();
    assert.equal(clock.timers, 0);
    agent.closeAllConnections();
    agent.close();
    await once(agent, 'close');
  });

  const PROTECT = 'PUT /api/task-protection/v1/state {"ProtectionEnabled":true,"ExpiresInMinutes":60}';
  const RELEASE = 'PUT /api/task-protection/v1/state {"ProtectionEnabled":false}';

  /** Lets time pass, then waits until the agent has heard `expected` wishes and its answers have been read. */
  async function pass(ms: number, expected: number): Promise<void> {
    clock.advance(ms);
    for (let tries = 0; wishes.length < expected && tries < 400; tries++) await realTime(5);
    await realTime(30);
    assert.equal(wishes.length, expected, wishes.join('\n'));
  }

  test('the agent is told when the first call begins and when the last one has ended, and not in between', async () => {
    await pass(5000, 0);
    calls = 1;
    await pass(1000, 1);
    calls = 7;
    await pass(5000, 1);
    calls = 0;
    await pass(1000, 2);
    await pass(40 * MINUTE_MS, 2);
    assert.deepEqual(wishes, [PROTECT, RELEASE]);
  });

  test('protection is renewed every half hour, because it ends by itself after an hour', async () => {
    calls = 1;
    await pass(1000, 1);
    await pass(29 * MINUTE_MS, 1);
    await pass(2 * MINUTE_MS, 2);
    assert.deepEqual(wishes, [PROTECT, PROTECT]);
  });

  test('a task that always has calls leaves a deployment two minutes in every hour', async () => {
    calls = 1;
    await pass(1000, 1);
    await pass(31 * MINUTE_MS, 2);
    await pass(30 * MINUTE_MS, 3);
    assert.deepEqual(wishes, [PROTECT, PROTECT, RELEASE]);
    await pass(MINUTE_MS, 3);
    await pass(2 * MINUTE_MS, 4);
    assert.equal(wishes[3], PROTECT);
  });

  test('a wish that the agent refuses is told again until it is taken, and the log says so once', async () => {
    status = 429;
    calls = 1;
    await pass(1000, 1);
    await pass(5000, 1);
    await pass(6000, 2);
    assert.deepEqual(failures, ['status 429']);
    status = 200;
    await pass(11_000, 3);
    calls = 0;
    await pass(1000, 4);
    assert.deepEqual(wishes.slice(-2), [PROTECT, RELEASE]);
    assert.deepEqual(failures, ['status 429']);
  });
});
