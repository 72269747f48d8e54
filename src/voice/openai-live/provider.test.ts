import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { sessionStarted, withLive } from '../../../test/support/live-rig.js';

const REQUEST = { instructions: 'Sum up.', transcript: 'Caller: Hi.', signal: new AbortController().signal };

test('a GPT-Live without a key or with a wrong address is refused before a call', () =>
  withLive(
    async ({ open, provider, recorder }) => {
      await assert.rejects(provider.prepare(), { code: 'CONFIG_INVALID' });
      open();
      assert.equal((await recorder.nth('failed')).error.code, 'CONFIG_INVALID');
    },
    { apiKey: undefined },
  ));

test('a session of GPT-Live is renewed in time before the end that the last session named', () =>
  withLive(async ({ clock, open, provider, recorder, service }) => {
    assert.deepEqual(provider.renewal, { afterMs: 6_600_000, forceAfterMs: 6_780_000 });
    open();
    const connection = await service.connected();
    connection.send(sessionStarted({ expires_at: Math.round(clock.epochMs() / 1000) + 3600 }));
    await recorder.nth('ready');
    assert.deepEqual(provider.renewal, { afterMs: 3_300_000, forceAfterMs: 3_480_000 });
  }));

test('the summary of a GPT-Live call is written by the backend model, which stores nothing', async () => {
  const asked: { body: Record<string, unknown>; key: string | undefined }[] = [];
  let answer: { status: number; body: string } = { status: 200, body: '' };
  const server = createServer((request, response) => {
    // The session's own connection is none of this.
    if (request.method !== 'POST') return;
    void request.toArray().then((parts) => {
      const body = JSON.parse(Buffer.concat(parts as Buffer[]).toString()) as Record<string, unknown>;
      asked.push({ body, key: request.headers.authorization });
      response.writeHead(answer.status).end(answer.body);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const text = (value: string) => ({ type: 'message', content: [{ type: 'output_text', text: value }] });
  try {
    await withLive(
      async ({ open, recorder }) => {
        const session = open();
        const written = () => session.summarize?.(REQUEST);
        const completed = { status: 'completed', output: [{ type: 'reasoning' }, text('Hi '), text('there.')] };
        answer = { status: 200, body: JSON.stringify(completed) };
        assert.equal(await written(), 'Hi there.');
        assert.deepEqual(asked[0]?.body, {
          model: 'gpt-5.6-luna',
          instructions: 'Sum up.',
          input: 'Caller: Hi.',
          max_output_tokens: 1024,
          store: false,
        });
        assert.equal(asked[0].key, 'Bearer sk-test-very-secret');
        for (const [status, body, code] of [
          [429, '', 'VOICE_THROTTLED'],
          [401, '', 'VOICE_REFUSED'],
          [200, JSON.stringify({ ...completed, status: 'incomplete' }), 'VOICE_FAILED'],
          [200, 'no json', 'VOICE_UNREACHABLE'],
          [200, `"${'x'.repeat(300_000)}"`, 'VOICE_PROTOCOL'],
        ] as const) {
          answer = { status, body };
          await assert.rejects(async () => written(), { code });
        }
        assert.deepEqual(recorder.types, []);
      },
      { baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1` },
    );
  } finally {
    server.closeAllConnections();
    server.close();
  }
});
