import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type ApiFault, ConnectApi, type QueueAgents } from '../../sim/connect-api/server.js';
import { examine, idsOf } from '../../test/support/examine.js';

const INSTANCE = '11111111-2222-3333-4444-555555555555';
const QUEUE = `arn:aws:connect:us-east-1:123456789012:instance/${INSTANCE}/queue/general`;
const BILLING = QUEUE.replace('general', 'billing');

async function ask(
  queues: Record<string, QueueAgents>,
  env: Record<string, string> = {},
  fault?: ApiFault,
): Promise<{ code: number; ids: string[]; text: string }> {
  const api = new ConnectApi({ instanceId: INSTANCE });
  for (const [queue, agents] of Object.entries(queues)) api.queues.set(queue, agents);
  api.fault = fault;
  try {
    const settings = {
      USE_LOCAL_DYNAMODB: 'true',
      CONNECT_CHECK_AVAILABILITY: 'staffed',
      CONNECT_INSTANCE_ID: INSTANCE,
      CONNECT_QUEUE_ARN: QUEUE,
      AWS_ENDPOINT_URL_CONNECT: await api.start(),
    };
    const { code, findings } = await examine({ ...settings, ...env }, ['Connect agents']);
    const ours = findings.filter(({ service }) => service === 'Connect agents');
    return { code, ids: idsOf(ours), text: ours.map(({ text }) => text).join('\n') };
  } finally {
    await api.close();
  }
}

describe("the doctor's question to Amazon Connect", { concurrency: true }, () => {
  test('an instance that tells the agents of every queue is fine', async () => {
    const queues = { [QUEUE]: { AGENTS_STAFFED: 3 }, [BILLING]: { AGENTS_STAFFED: 0 } };
    const { code, ids, text } = await ask(queues, { CONNECT_QUEUE_ARNS: JSON.stringify({ billing: BILLING }) });
    assert.deepEqual([code, ids], [0, ['fine connect-ready']]);
    assert.match(text, /answers for 2 of 2 queues; agents now: 3, 0\./);
  });

  test('a queue without data is a note that names it, and no queue at all is one, too', async () => {
    const without = await ask({});
    assert.deepEqual([without.code, without.ids], [0, ['fine connect-ready', 'advice connect-queue']]);
    assert.match(without.text, /no data for the queue general/);
    const none = await ask({}, { CONNECT_QUEUE_ARN: '' });
    assert.deepEqual([none.code, none.ids], [0, ['advice connect-queue']]);
  });

  test('another instance, a failing or silent service and an address where nothing listens are named', async () => {
    const queues = { [QUEUE]: { AGENTS_STAFFED: 3 } };
    for (const [env, fault, expected, text] of [
      [
        { CONNECT_INSTANCE_ID: 'elsewhere' },
        undefined,
        'fault connect-instance',
        /no instance elsewhere.*CONNECT_INSTANCE_ID/,
      ],
      [{}, 'broken', 'fault connect-unreachable', /InternalServiceException/],
      [
        {},
        'proxy',
        'fault connect-unreachable',
        /answered with HTTP status 502 and without a reason.*AWS_ENDPOINT_URL_CONNECT/,
      ],
      [{}, 'hung', 'fault connect-unreachable', /TimeoutError/],
      [{}, 'throttled', 'advice connect-unreachable', /ThrottlingException/],
      [
        { AWS_ENDPOINT_URL_CONNECT: 'http://127.0.0.1:2' },
        undefined,
        'fault connect-unreachable',
        /nothing listens there/,
      ],
    ] as [Record<string, string>, ApiFault | undefined, string, RegExp][]) {
      const asked = await ask(queues, env, fault);
      assert.deepEqual(asked.ids, [expected], asked.text);
      assert.match(asked.text, text);
    }
  });
});
