import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { AddressInfo } from 'node:net';
import { parseFault } from '../../sim/model/faults.js';
import { type OpenAiSimOptions, startOpenAiSim } from '../../sim/openai/server.js';
import { AnsweringServer } from '../../test/support/answering-server.js';
import { examine, idsOf } from '../../test/support/examine.js';

const KEY = 'sk-the-right-key-0123456789';
const ENV = { VOICE_PROVIDER: 'openai', OPENAI_API_KEY: KEY };

async function examineOpenAi(sim: OpenAiSimOptions, env: Record<string, string> = {}) {
  const openai = await startOpenAiSim({ apiKeys: [KEY], ...sim });
  try {
    const examined = await examine({ ...ENV, OPENAI_BASE_URL: openai.url, ...env }, ['OpenAI']);
    const ours = examined.findings.filter(({ service }) => service === 'OpenAI');
    return { ...examined, ids: idsOf(ours), text: ours.map(({ text }) => text).join('\n'), sim: openai };
  } finally {
    await openai.close();
  }
}

const faults = (...texts: string[]) => ({
  faults: texts.map((text) => parseFault(text) ?? assert.fail(text)),
});

describe("the doctor's question to OpenAI", { concurrency: true }, () => {
  test('a key, model, voice and transcription that are right are fine, and no response is asked for', async () => {
    const { code, ids, only, sim } = await examineOpenAi({});
    assert.deepEqual([code, ids], [0, ['fine openai-ready']]);
    assert.match(only('openai-ready').text, /^gpt-realtime-2\.1 took a session with the voice marin in \d\.\d s/);
    assert.ok(sim.sessions[0]?.sent.every(({ type }) => !type.startsWith('response.')));
  });

  for (const [what, id, sim, env, text] of [
    [
      'a wrong key',
      'openai-key',
      {},
      { OPENAI_API_KEY: 'sk-another-key-0123456789' },
      /OPENAI_API_KEY \(invalid_api_key\)/,
    ],
    [
      'an unknown model',
      'openai-model',
      {},
      { OPENAI_REALTIME_MODEL: 'gpt-realtime-9' },
      /gpt-realtime-9.*OPENAI_REALTIME_MODEL/,
    ],
    ['an unknown voice', 'openai-voice', {}, { OPENAI_VOICE: 'mirin' }, /"mirin".*OPENAI_VOICE/],
    [
      'an unknown transcription model',
      'openai-transcription',
      {},
      { OPENAI_TRANSCRIPTION_MODEL: 'gpt-scribe' },
      /gpt-scribe/,
    ],
    ['a key without permission', 'openai-key', faults('connect=403'), {}, /HTTP 403/],
    ['an account without credit', 'openai-quota', faults('connect=429'), {}, /insufficient_quota/],
    ['a service that is down for sessions', 'openai-websocket', faults('connect=503'), {}, /HTTP 503/],
    ['a proxy that passes no WebSocket on', 'openai-websocket', faults('connect=reset'), {}, /pass WebSockets on/],
  ] as [string, string, OpenAiSimOptions, Record<string, string>, RegExp][]) {
    test(`the doctor finds ${what} at OpenAI, and says which setting`, async () => {
      const { code, ids, text: found } = await examineOpenAi(sim, env);
      assert.equal(code, 1);
      assert.ok(ids.includes(`fault ${id}`), ids.join());
      assert.ok(
        ids.every((one) => one === `fault ${id}`),
        ids.join(),
      );
      assert.match(found, text);
    });
  }

  for (const withoutMulaw of ['ignored', 'refused'] as const) {
    test(`mu-law that OpenAI has ${withoutMulaw} is a note, because the gateway converts the audio`, async () => {
      const { code, ids } = await examineOpenAi({ withoutMulaw });
      assert.deepEqual([code, ids], [0, ['advice openai-format', 'fine openai-ready']]);
    });
  }

  test('the doctor tries every voice that an assistant asks of OpenAI', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'tandem-doctor-'));
    try {
      const file = join(folder, 'assistants.json');
      writeFileSync(file, JSON.stringify({ '+12065550101': { voice: 'cedar' }, '+12065550102': { voice: 'serge' } }));
      const { code, only } = await examineOpenAi({}, { ASSISTANTS_FILE: file });
      assert.equal(code, 1);
      assert.match(only('openai-voice').text, /"serge".*ASSISTANTS_FILE/);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  test('an assistant that asks for OpenAI without a key is a fault', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'tandem-doctor-'));
    try {
      const file = join(folder, 'assistants.json');
      writeFileSync(file, JSON.stringify({ '+12065550101': { provider: 'openai' } }));
      const { only } = await examine({ ASSISTANTS_FILE: file }, ['OpenAI']);
      assert.match(only('openai-key').text, /assistant asks for openai, and OPENAI_API_KEY is not set/);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  test('a service that is not there, or does not speak HTTP, is named with its address and without its password', async () => {
    const strange = createServer((socket) => socket.end('what?\r\n'));
    await new Promise<void>((resolve) => void strange.listen(0, '127.0.0.1', resolve));
    const { port } = strange.address() as AddressInfo;
    try {
      for (const [baseUrl, text] of [
        [
          'http://127.0.0.1:2/v1',
          /^http:\/\/127\.0\.0\.1:2\/v1 cannot be reached: nothing listens there \(ECONNREFUSED\)/,
        ],
        [`http://127.0.0.1:${port}/v1`, /cannot be reached/],
        ['http://user:pass-word-1@127.0.0.1:2/v1', /^http:\/\/127\.0\.0\.1:2\/v1 cannot/],
      ] as const) {
        const { code, only } = await examine({ ...ENV, OPENAI_BASE_URL: baseUrl }, ['OpenAI']);
        assert.equal(code, 1);
        assert.match(only('openai-unreachable').text, text);
      }
    } finally {
      strange.close();
    }
  });

  test('a service that answers HTTP with something else is named as what refuses the WebSocket', async () => {
    const server = new AnsweringServer();
    server.answer = { status: 200, headers: {}, body: '<html>' };
    try {
      const { code, only } = await examine({ ...ENV, OPENAI_BASE_URL: `${await server.listen()}/v1` }, ['OpenAI']);
      assert.equal(code, 1);
      assert.match(only('openai-websocket').text, /answered with HTTP 200|WebSockets/);
    } finally {
      await server.close();
    }
  });
});
