import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Phones } from '../sim/handset/phones.js';
import { readConfig } from '../src/config/config.js';
import { startGateway } from '../src/app/start-gateway.js';
import { ask } from './support/asking.js';
import { PagePhone } from './support/page-phone.js';
import { until } from './support/rig.js';
import { ScriptedProvider } from './support/scripted-provider.js';
import { TONES } from './support/tone-engine.js';

const TOKEN = 'softphone-token-0123456789';
const WANTED = { to: '+12025550177', consent: { basis: 'trial', reference: 'me' }, machine: 'hangup' };

/** Runs `body` beside the gateway that `npm start` starts, and a softphone that waits. */
async function withSoftphone(
  body: (scene: {
    phone: PagePhone;
    provider: ScriptedProvider;
    make: () => Promise<string>;
    read: (id: string) => Promise<unknown>;
  }) => Promise<void>,
): Promise<void> {
  const provider = new ScriptedProvider();
  const env = { PORT: '0', LOG_LEVEL: 'silent', MAX_LOOP_DELAY_MS: '0', OUTBOUND_API_TOKENS: TOKEN };
  const running = await startGateway(readConfig(env), {
    providers: [provider],
    engine: TONES,
    openPhones: (parts) => Promise.resolve(new Phones(parts)),
  });
  const base = `http://127.0.0.1:${running.gateway.port}`;
  const headers = { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' };
  const phone = await PagePhone.open(base.replace('127.0.0.1', 'localhost'), 'phone');
  let keys = 0;
  try {
    phone.send({ type: 'wait' });
    await until(() => phone.states.includes('waiting'), 'the wait');
    await body({
      phone,
      provider,
      make: async () => {
        const sent = { method: 'POST', headers: { ...headers, 'idempotency-key': `k${++keys}` } };
        const answer = await ask(base, '/api/calls', { ...sent, body: JSON.stringify(WANTED) });
        assert.equal(answer.status, 202, answer.text);
        return String(answer.json()['id']);
      },
      read: async (id) => (await ask(base, `/api/calls/${id}`, { headers })).json()['status'],
    });
  } finally {
    phone.close();
    await running.close();
  }
}

async function untilStatus(read: () => Promise<unknown>, wanted: string): Promise<void> {
  for (let tries = 0; (await read()) !== wanted; tries++) {
    assert.ok(tries < 1500, `the call is never ${wanted}`);
    await new Promise((resolve) => void setTimeout(resolve, 20));
  }
}

test('a softphone that waits is called, answers, hears the assistant and is heard', async () => {
  await withSoftphone(async ({ make, phone, provider, read }) => {
    const id = await make();
    await until(() => phone.states.includes('called'), 'the ringing');
    assert.equal(provider.sessions.length, 0);
    phone.send({ type: 'answer' });
    await until(() => phone.states.includes('talking'), 'the conversation');
    assert.match(provider.last.options.greeting ?? '', /automated assistant/);
    await until(() => phone.heard.some((frame) => frame[0] === 0x10), 'the first words');
    await until(() => provider.last.callerBytes > 1600, 'the microphone');
    await untilStatus(() => read(id), 'in-progress');
    phone.send({ type: 'hangup' });
    await untilStatus(() => read(id), 'completed');
    assert.equal(phone.states.at(-1), 'ended');
  });
});

test('a softphone that declines is busy, and nobody else answers', async () => {
  await withSoftphone(async ({ make, phone, provider, read }) => {
    const id = await make();
    await until(() => phone.states.includes('called'), 'the ringing');
    phone.send({ type: 'hangup' });
    await untilStatus(() => read(id), 'busy');
    assert.equal(provider.sessions.length, 0);
  });
});
