import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { once } from 'node:events';
import { createServer } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { BedrockRuntimeClient } from '@aws-sdk/client-bedrock-runtime';
import { SIMULATED_CREDENTIALS } from '../../../sim/nova/nova-sim.js';
import { within } from '../../../test/support/deadline.js';
import { type Act, fault, scriptedBrain, speak, wait } from '../../../sim/model/script.js';
import { withNova } from '../../../test/support/nova-rig.js';
import { until } from '../../../test/support/rig.js';
import { converse, summaryModelFor } from './converse.js';

const REQUEST = { instructions: 'Summarise.', transcript: 'Caller: Hi.' };

/** Resolves with the summary that a text model answers with `acts`, or with the code of the error. */
async function written(acts: readonly Act[], provider: { summaryModelId?: string } = {}): Promise<string | undefined> {
  let outcome: string | undefined;
  await withNova({ sim: { brain: scriptedBrain(['Hello.'], acts) }, provider }, async ({ open, sim }) => {
    const { session } = open();
    outcome = await session
      .summarize?.({ ...REQUEST, signal: new AbortController().signal })
      .catch((error: { code: string }) => error.code);
    if (outcome === 'Fine.') assert.equal(sim.texts.at(-1)?.text, REQUEST.transcript);
  });
  return outcome;
}

describe('summaries by a text model on Bedrock', { concurrency: 4 }, () => {
  test('a Bedrock summary is requested with Converse in the geography of the region', async () => {
    assert.equal(summaryModelFor('eu-north-1'), 'eu.amazon.nova-2-lite-v1:0');
    assert.equal(summaryModelFor('ap-northeast-1'), 'global.amazon.nova-2-lite-v1:0');
    assert.equal(await written([speak('Fine.')]), 'Fine.');
  });

  for (const [name, acts, code] of [
    ['throttled', [fault({ type: 'error', class: 'throttled' })], 'VOICE_THROTTLED'],
    ['refused', [fault({ type: 'error', class: 'invalid-request' })], 'VOICE_PROTOCOL'],
    ['an error', [fault({ type: 'error', class: 'server' })], 'VOICE_FAILED'],
    ['broken off', [speak('long '.repeat(2000))], 'VOICE_FAILED'],
    ['of unknown shape', [fault({ type: 'unknown-event' })], 'VOICE_FAILED'],
  ] as const) {
    test(`a Bedrock summary is rejected if it is ${name}`, async () => {
      assert.equal(await written(acts), code);
    });
  }

  test('a Bedrock summary by a model that needs an inference profile is refused without one', async () => {
    assert.equal(await written([speak('Fine.')], { summaryModelId: 'amazon.nova-2-lite-v1:0' }), 'VOICE_PROTOCOL');
  });

  for (const usage of [
    { inputTokens: -5, outputTokens: 1.5 },
    { inputTokens: Number.NaN },
    'many',
    null,
  ] as unknown[]) {
    test(`a Bedrock summary is kept when its token counts are ${JSON.stringify(usage)}`, async () => {
      const answer = { output: { message: { content: [{ text: 'Fine.' }] } }, stopReason: 'end_turn', usage };
      const client = { send: () => Promise.resolve(answer) } as unknown as BedrockRuntimeClient;
      assert.deepEqual(await converse(client, 'model', { ...REQUEST, signal: new AbortController().signal }), {
        text: 'Fine.',
        inputTokens: 0,
        outputTokens: 0,
      });
    });
  }

  test('a Bedrock summary whose body does not end is given up after 256 KB', async () => {
    let sentBytes = 0;
    const server = createServer((request, response) => {
      request.resume();
      response.on('error', () => undefined);
      response.writeHead(200, { 'content-type': 'application/json' });
      const more = (): void => {
        if (response.stream.destroyed || sentBytes > 64_000_000) return;
        sentBytes += 65_536;
        response.write(' '.repeat(65_536), () => setImmediate(more));
      };
      more();
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const client = new BedrockRuntimeClient({
      region: 'us-east-1',
      endpoint: `http://127.0.0.1:${port}`,
      credentials: SIMULATED_CREDENTIALS,
      maxAttempts: 1,
    });
    try {
      const asked = converse(client, 'model', { ...REQUEST, signal: new AbortController().signal });
      await assert.rejects(within(asked, 'the refusal'), { code: 'VOICE_PROTOCOL' });
      assert.ok(sentBytes < 8_000_000, `${sentBytes} bytes`);
    } finally {
      client.destroy();
      server.close();
    }
  });

  test('a Bedrock summary whose body stalls ends with its signal, and leaves no stream open', async () => {
    let open = 0;
    const server = createServer((request, response) => {
      open++;
      request.resume();
      response.on('error', () => undefined);
      response.on('close', () => open--);
      response.writeHead(200, { 'content-type': 'application/json' });
      response.write('{');
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const client = new BedrockRuntimeClient({
      region: 'us-east-1',
      endpoint: `http://127.0.0.1:${port}`,
      credentials: SIMULATED_CREDENTIALS,
    });
    const over = new AbortController();
    try {
      const asked = converse(client, 'model', { ...REQUEST, signal: over.signal }).catch(() => 'dropped');
      await until(() => open === 1, 'the head of the answer');
      over.abort();
      assert.equal(await within(asked, 'the end', 20_000), 'dropped');
      await until(() => open === 0, 'the end of the stream');
    } finally {
      client.destroy();
      server.close();
    }
  });

  test('a Bedrock summary outlives its session, and ends with its signal or with the provider', async () => {
    await withNova(
      { sim: { brain: scriptedBrain(['Hello.'], [wait(500), speak('Fine.')]) } },
      async ({ open, sim }) => {
        const { session } = open();
        const over = new AbortController();
        const kept = session.summarize?.({ ...REQUEST, signal: new AbortController().signal });
        const dropped = session.summarize?.({ ...REQUEST, signal: over.signal }).catch(() => 'dropped');
        await until(() => sim.texts.length === 2, 'both questions');
        session.close();
        over.abort();
        assert.equal(await dropped, 'dropped');
        assert.equal(await kept, 'Fine.');
      },
    );
    await withNova({ sim: { brain: scriptedBrain([], [wait(600_000)]) } }, async ({ open, provider, sim }) => {
      const summary = open()
        .session.summarize?.({ ...REQUEST, signal: new AbortController().signal })
        .catch(() => 'dropped');
      await until(() => sim.texts.length === 1, 'the question');
      await provider.close();
      assert.equal(await summary, 'dropped');
    });
  });
});
