import assert from 'node:assert/strict';
import { Agent, type IncomingMessage, request } from 'node:http';
import { test } from 'node:test';
import { within } from './support/deadline.js';
import { startRig, until } from './support/rig.js';

/** Resolves with an answer after its body was read. `isReused`: it came over a connection that was idle. */
function ask(url: string, agent: Agent): Promise<{ response: IncomingMessage; isReused: boolean }> {
  const answer = new Promise<{ response: IncomingMessage; isReused: boolean }>((resolve, reject) => {
    const sent = request(url, { agent }, (response) => {
      response.resume().on('end', () => resolve({ response, isReused: sent.reusedSocket }));
    });
    sent.on('error', reject).end();
  });
  return within(answer, `an answer of ${url}`);
}

test('a connection stays open for KEEP_ALIVE_SECONDS, which is longer than a balancer keeps it', async () => {
  for (const [env, seconds] of [
    [{}, 75],
    [{ KEEP_ALIVE_SECONDS: '610' }, 610],
  ] as const) {
    const rig = await startRig({ env });
    const agent = new Agent({ keepAlive: true });
    try {
      const { headers } = (await ask(`${rig.base}/ready`, agent)).response;
      assert.equal(headers['keep-alive'], `timeout=${seconds}`);
      assert.equal(headers.connection, 'keep-alive');
    } finally {
      agent.destroy();
      await rig.close();
    }
  }
});

test('a draining gateway ends each connection with its next answer, and an idle one stays until then', async () => {
  const rig = await startRig();
  const agent = new Agent({ keepAlive: true });
  try {
    const call = rig.call();
    await until(() => rig.provider.sessions.length === 1, 'a call is in progress');
    const before = await ask(`${rig.base}/health`, agent);
    assert.equal(before.response.headers.connection, 'keep-alive');
    const drained = rig.running.gateway.drain(600);
    const { isReused, response } = await ask(`${rig.base}/ready`, agent);
    assert.ok(isReused, 'the idle connection was left open');
    assert.deepEqual([response.statusCode, response.headers.connection], [503, 'close']);
    const next = await ask(`${rig.base}/health`, agent);
    assert.deepEqual([next.isReused, next.response.headers.connection], [false, 'close']);
    call.hangup();
    await within(drained, 'the drain ends');
  } finally {
    agent.destroy();
    await rig.close();
  }
});
