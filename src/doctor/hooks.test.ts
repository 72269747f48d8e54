import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { EventReceiver } from '../../sim/hooks/event-receiver.js';
import { CONTEXT_SECRET, ContextServer } from '../../test/support/context-server.js';
import { examine, idsOf } from '../../test/support/examine.js';
import { freePort } from '../../test/support/free-port.js';
import { systemClock } from '../base/clock.js';

const closed = await freePort();

async function ask(answer: ContextServer['answer'], env: Record<string, string> = {}) {
  const server = await ContextServer.start(systemClock);
  server.answer = answer;
  try {
    const settings = { CALL_CONTEXT_URL: server.url, CALL_CONTEXT_SECRET: CONTEXT_SECRET };
    const { code, findings } = await examine({ ...settings, ...env }, ['hook before a call']);
    const ours = findings.filter(({ service }) => service === 'hook before a call');
    return { code, ids: idsOf(ours), text: ours.map(({ text }) => text).join('\n'), server };
  } finally {
    await server.close();
  }
}

describe("the doctor's question to the hook before a call", { concurrency: true }, () => {
  test('a hook that answers a signed question is fine, and is told of no caller', async () => {
    const { code, ids, server } = await ask({});
    assert.deepEqual([code, ids], [0, ['fine hook-ready']]);
    assert.deepEqual([server.questions, server.refusals], [[{ type: 'ping' }], []]);
  });

  for (const [what, id, answer, env, text] of [
    [
      'that nothing answers',
      'hook-unreachable',
      {},
      { CALL_CONTEXT_URL: `http://127.0.0.1:${closed}/` },
      /ECONNREFUSED/,
    ],
    ['that refuses the signature', 'hook-signature', 401, {}, /CALL_CONTEXT_SECRET on both sides/],
    ['that fails', 'hook-status', 500, {}, /answers HTTP 500/],
    ['that redirects', 'hook-status', 302, {}, /answers HTTP 302.*no redirect/],
  ] as const) {
    test(`a hook ${what} is a fault that says what to check`, async () => {
      const {
        code,
        ids,
        text: said,
      } = await ask(
        typeof answer === 'number' ? (response) => void response.writeHead(answer, { location: '/' }).end() : answer,
        env,
      );
      assert.deepEqual([code, ids], [1, [`fault ${id}`]]);
      assert.match(said, text);
      assert.ok(!said.includes(CONTEXT_SECRET));
    });
  }

  test('the receiver of call events is asked in the same way, with its own secret', async () => {
    const secret = 'events-secret-0123456789';
    const receiver = await new EventReceiver({ secret, clock: systemClock }).start();
    try {
      const env = { CALL_EVENTS_URL: receiver.url, CALL_EVENTS_SECRET: secret };
      const right = await examine(env, ['call events']);
      const wrong = await examine({ ...env, CALL_EVENTS_SECRET: 'another-secret-0123456789' }, ['call events']);
      const ids = [right, wrong].map(({ findings }) =>
        idsOf(findings.filter(({ service }) => service === 'call events')),
      );
      assert.deepEqual(ids, [['fine hook-ready'], ['fault hook-signature']]);
      assert.deepEqual([receiver.refusals, receiver.taken], [['wrong'], []]);
    } finally {
      await receiver.close();
    }
  });

  test('a hook that is slower than a call waits is an advice', async () => {
    const slow: ContextServer['answer'] = (response) => void setTimeout(() => response.end('{}'), 80);
    const { code, ids } = await ask(slow, { CALL_CONTEXT_TIMEOUT_MS: '50' });
    assert.deepEqual([code, ids], [0, ['fine hook-ready', 'advice hook-slow']]);
  });
});
