import assert from 'node:assert/strict';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, test } from 'node:test';
import type { SpeechEngine, SpeechListener } from '../src/speech/engine.js';
import { Hearing } from './support/model-rig.js';
import { type Rig, startRig, until } from './support/rig.js';
import { TONES } from './support/tone-engine.js';

// Whole calls with the embedded voice, whose language model is a stub.

/** Speaks tones, and hears what the test says. */
function listeningEngine(): SpeechEngine & { hear(text: string): void } {
  let caller: SpeechListener | undefined;
  return {
    ...TONES,
    listen: (listener) => {
      caller = listener;
      return TONES.listen(listener);
    },
    hear: (text) => {
      caller?.onSpeechStarted();
      caller?.onSpeechStopped();
      caller?.onText(text);
    },
  };
}

/** Runs `body` with a gateway whose language model answers each request with `answer`. */
async function withModel(
  {
    answer,
    env,
    pipeline,
  }: { answer: (response: ServerResponse) => void; env: Record<string, string>; pipeline: boolean },
  body: (rig: Rig, engine: ReturnType<typeof listeningEngine>) => Promise<void>,
): Promise<void> {
  const server = createServer((request, response) => {
    request.resume();
    answer(response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const engine = listeningEngine();
  const rig = await startRig({
    pipeline,
    isConfigured: true,
    engine,
    env: {
      VOICE_PROVIDER: 'local',
      LOCAL_LLM_BASE_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
      LOCAL_LLM_MODEL: 'small',
      ...env,
    },
  });
  try {
    await body(rig, engine);
  } finally {
    await rig.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

const turns = (rig: Rig): string[] => rig.events.flatMap((event) => (event.type === 'turn' ? [event.turn.text] : []));

for (const pipeline of [true, false]) {
  describe(pipeline ? 'the embedded voice through the pipeline' : 'the embedded voice through the bridge', () => {
    test('a caller whose language model only reasons hears "one moment", is not taken for silent, and gets an agent', () =>
      withModel({ answer: reason, env: { IDLE_PROMPT_SECONDS: '3' }, pipeline }, async (rig, engine) => {
        const call = rig.call();
        await until(() => turns(rig).length > 0, 'the greeting');
        engine.hear('Where is my parcel?');
        assert.equal(await call.whenEnded(), 'gateway-hung-up');
        assert.equal(rig.screens[0]?.attributes['token_status'], 'valid');
        assert.equal(rig.screens[0].attributes['reason'], 'assistant_failed');
        assert.ok(turns(rig).filter((text) => /one moment/i.test(text)).length > 0, turns(rig).join(' | '));
        assert.doesNotMatch(rig.log(), /the caller is silent/);
      }));

    test('an answer that a noise cuts off goes on with the sentence that was not heard whole', () => {
      const sentences = [
        'This is the first sentence of the answer.',
        'The noise comes while this one is spoken.',
        'The end.',
      ];
      const answer = (response: ServerResponse): void => {
        const choice = { index: 0, delta: { content: sentences.join(' ') }, finish_reason: 'stop' };
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        response.end(`data: ${JSON.stringify({ choices: [choice] })}\n\ndata: [DONE]\n\n`);
      };
      return withModel({ answer, env: {}, pipeline }, async (rig, engine) => {
        const call = rig.call();
        const hearing = new Hearing(call);
        await until(() => hearing.loudMs > 500 && hearing.quietMs >= 400, 'the greeting');
        const before = turns(rig).length;
        const greetingMs = hearing.loudMs;
        const firstMs = (await TONES.synthesize(sentences[0] ?? '')).length / 8;
        engine.hear('Tell me.');
        await until(() => hearing.loudMs > greetingMs + firstMs + 300, 'the second sentence');
        engine.hear('');
        await until(() => turns(rig).includes('The end.') && hearing.quietMs > 1000, 'the end');
        const heard = turns(rig).slice(before);
        assert.equal(heard.filter((text) => text === sentences[0]).length, 1, heard.join(' | '));
        assert.equal(heard.at(-2), sentences[1]);
        call.hangup();
      });
    });

    test("a German caller whose language model stays silent hears a sign of life within 5 s and an agent's line within 12 s", () =>
      withModel(
        { answer: () => undefined, env: { ASSISTANT_PROMPT: 'chaos/german.json' }, pipeline },
        async (rig, engine) => {
          const call = rig.call();
          const hearing = new Hearing(call);
          const said: string[] = [];
          call.on('say', (text) => said.push(text));
          await until(() => hearing.loudMs > 500 && hearing.quietMs >= 400, 'the greeting');
          let frames = 0;
          call.on('heard', () => frames++);
          engine.hear('Wo ist mein Paket?');
          await until(() => rig.events.some(({ type }) => type === 'escalated'), 'the decision');
          assert.ok(frames * 20 < 12_000, `${frames * 20} ms until the decision`);
          assert.equal(await call.whenEnded(), 'gateway-hung-up');
          assert.ok(hearing.longestGapMs < 5000, `${hearing.longestGapMs} ms of silence`);
        },
      ));
  });
}

/** Writes a piece of reasoning every 50 ms, which is half a second of the call. */
function reason(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  const again = setInterval(() => {
    response.write(`data: ${JSON.stringify({ choices: [{ index: 0, delta: { reasoning_content: 'Hm. ' } }] })}\n\n`);
  }, 50);
  response.on('close', () => clearInterval(again));
}
