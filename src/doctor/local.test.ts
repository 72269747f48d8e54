import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { AnsweringServer } from '../../test/support/answering-server.js';
import { idsOf } from '../../test/support/examine.js';
import { systemClock } from '../base/clock.js';
import { readConfig } from '../config/config.js';
import { type LocalQuestion, askChat, askSpeech } from './local.js';

const MODEL = { LOCAL_LLM_MODEL: 'llama' };

function question(env: Record<string, string>, more: Partial<LocalQuestion> = {}): LocalQuestion {
  return {
    settings: readConfig(env).local,
    isProvider: false,
    clock: systemClock,
    signal: AbortSignal.timeout(180_000),
    ...more,
  };
}

describe("the doctor's question to a chat endpoint", () => {
  for (const [what, status, body, expected, text] of [
    [
      'an answer',
      200,
      { choices: [{ message: { content: 'OK' } }] },
      'fine chat-endpoint',
      /^llama answered in \d\.\d s\.$/,
    ],
    [
      'an unknown model',
      404,
      { error: { code: 'model_not_found' } },
      'fault chat-model',
      /does not have llama.*ollama pull llama/,
    ],
    ['a failure', 500, { error: { message: 'private words' } }, 'fault chat-endpoint', /HTTP 500/],
    ['something else', 200, { hello: 'private words' }, 'fault chat-endpoint', /no answer that can be used/],
  ] as const) {
    test(`the doctor understands ${what} of a chat endpoint`, async () => {
      const server = new AnsweringServer();
      server.answer = { status, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
      try {
        const findings = await askChat(question({ LOCAL_LLM_BASE_URL: `${await server.listen()}/v1`, ...MODEL }));
        assert.deepEqual(idsOf(findings), [expected]);
        assert.match(findings[0]?.text ?? '', text);
        assert.doesNotMatch(findings[0]?.text ?? '', /private/);
      } finally {
        await server.close();
      }
    });
  }

  test('a chat endpoint that is slower than a caller waits is a note, and one that is not there a fault', async () => {
    const server = new AnsweringServer();
    server.answer = { status: 200, headers: {}, body: '{"choices":[]}' };
    let nowMs = 0;
    const clock = { ...systemClock, now: () => (nowMs += 20_000) };
    try {
      const slow = await askChat(question({ LOCAL_LLM_BASE_URL: await server.listen(), ...MODEL }, { clock }));
      assert.deepEqual(idsOf(slow), ['advice chat-slow']);
    } finally {
      await server.close();
    }
    const gone = await askChat(question({ LOCAL_LLM_BASE_URL: 'http://127.0.0.1:2/v1', ...MODEL }));
    assert.deepEqual(idsOf(gone), ['fault chat-endpoint']);
    assert.match(gone[0]?.text ?? '', /nothing listens there/);
  });
});

describe("the doctor's question to the embedded voice", () => {
  test('the synthesiser speaks, and the embedded voice stands in for an own one that does not', async () => {
    assert.deepEqual(idsOf(await askSpeech(question({}))), ['fine speech']);
    const own = await askSpeech(question({ LOCAL_TTS_BASE_URL: 'http://127.0.0.1:2/v1' }));
    assert.deepEqual(idsOf(own), ['advice speech-own-voice']);
    assert.match(own[0]?.text ?? '', /LOCAL_TTS_BASE_URL http:\/\/127\.0\.0\.1:2\/v1 does not speak/);
  });

  test('a recogniser that cannot be loaded is a fault that names the setting', async () => {
    const findings = await askSpeech(question({ LOCAL_STT_MODEL: '/nowhere' }, { isProvider: true }));
    assert.deepEqual(idsOf(findings), ['fault speech']);
    assert.match(findings[0]?.text ?? '', /LOCAL_STT_MODEL/);
  });
});
