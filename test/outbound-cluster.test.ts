import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ask } from './support/asking.js';
import { ClusterRig } from './support/cluster-rig.js';
import { API_TOKEN, WANTED, postCall } from './support/outbound-rig.js';
import { PagePhone } from './support/page-phone.js';
import { until } from './support/rig.js';

const SLOW_MS = 60_000;

test('in a cluster any worker makes a call, which any worker answers, and all know what became of it', async () => {
  const env = { TWILIO_AUTH_TOKEN: '', PUBLIC_HOST: '', OUTBOUND_API_TOKENS: API_TOKEN };
  const cluster = await ClusterRig.spawn(2, env).listening();
  const phone = await PagePhone.open(cluster.base, 'phone');
  try {
    phone.send({ type: 'wait' });
    await until(() => phone.states.includes('waiting'), 'the wait', SLOW_MS);
    const key = { 'idempotency-key': 'one' };
    const answers = await Promise.all([1, 2, 3, 4].map(() => postCall(cluster, WANTED, key)));
    assert.equal(new Set(answers.map(({ status, text }) => `${status} ${text}`)).size, 1, answers[0]?.text);
    const id = String(answers[0]?.json()['id']);
    await until(() => phone.states.includes('called'), 'the ringing', SLOW_MS);
    phone.send({ type: 'answer' });
    await until(() => phone.states.includes('talking'), 'the conversation', SLOW_MS);
    await until(() => phone.heard.length > 30, 'the first words', SLOW_MS);
    phone.send({ type: 'hangup' });
    const headers = { authorization: `Bearer ${API_TOKEN}` };
    const deadlineMs = performance.now() + SLOW_MS;
    for (let status: unknown; status !== 'completed';) {
      assert.ok(performance.now() < deadlineMs, String(status));
      await new Promise((resolve) => void setTimeout(resolve, 50));
      // A connection for each, so that both workers are asked.
      status = (await ask(cluster.base, `/api/calls/${id}`, { headers })).json()['status'];
    }
  } finally {
    phone.close();
    await cluster.close();
  }
});
