import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pino } from 'pino';
import { FakeClock } from '../../test/support/fake-clock.js';
import { OpenAiService } from '../../test/support/openai-service.js';
import { ScriptedProvider } from '../../test/support/scripted-provider.js';
import { VoiceRecorder } from '../../test/support/voice-recorder.js';
import { readConfig } from '../config/config.js';
import { createLogger } from '../telemetry/log.js';
import { Metrics } from '../telemetry/metrics.js';
import { Assistant } from '../prompts/assistant.js';
import { Assistants } from '../prompts/assistants.js';
import { defaultPrompt } from '../prompts/built-in.js';
import type { SpeechEngine } from '../speech/engine.js';
import { createVoice } from './voice-providers.js';

/** A synthesiser that records what it is asked to speak. */
function speaker(): { engine: SpeechEngine; spoken: string[] } {
  const spoken: string[] = [];
  const synthesize = (text: string): Promise<Uint8Array> => {
    spoken.push(text);
    return Promise.resolve(new Uint8Array(800));
  };
  const engine: SpeechEngine = {
    synthesize,
    transcribe: () => assert.fail('only synthesis is expected'),
    listen: () => assert.fail('only synthesis is expected'),
    close: () => Promise.resolve(),
  };
  return { engine, spoken };
}

test('a provider that only some numbers use is prepared and opened for those numbers alone', async () => {
  const one = new ScriptedProvider('one');
  const two = new ScriptedProvider('two');
  const prepared: string[] = [];
  for (const provider of [one, two]) provider.prepare = () => Promise.resolve(void prepared.push(provider.name));
  const clock = new FakeClock();
  const { engine, spoken } = speaker();
  const prompt = defaultPrompt;
  const voice = await createVoice({
    config: readConfig({ VOICE_PROVIDER: 'one', EXTENSIONS: 'given-by-the-test', USE_LOCAL_DYNAMODB: 'true' }),
    log: pino({ level: 'silent' }),
    metrics: new Metrics(),
    clock,
    engine,
    env: {},
    extensions: {
      tools: [],
      processors: new Map(),
      providers: new Map([
        ['one', () => one],
        ['two', () => two],
      ]),
    },
    assistants: new Assistants(
      new Assistant({ prompt, queues: [] }),
      new Map([['+12065550110', new Assistant({ prompt, providers: ['two'], queues: [] })]]),
    ),
  });
  await voice.prepare();
  assert.deepEqual(prepared, ['one', 'two']);
  const open = (language: string, providers: readonly string[] | undefined) =>
    voice.open({
      conversationId: 'c',
      instructions: '',
      greeting: undefined,
      answersLast: false,
      language,
      tools: [],
      conversation: { turns: [], isPlaying: false },
      listener: () => undefined,
      wish: { voices: {}, providers, lines: prompt.lines },
    });
  const sessions = [open('en', undefined), open('de', ['two'])];
  assert.deepEqual([one.sessions.length, two.sessions.length], [1, 1]);
  one.isFull = true;
  assert.equal(voice.isFullFor(undefined), true);
  assert.equal(voice.isFullFor(['two']), false);

  // Both callers wait for an answer, and both models are lost. Only the English-speaking caller hears a line meanwhile.
  for (const provider of [one, two]) {
    provider.onOpen = () => undefined;
    provider.isSlow = true;
    provider.last.emit({ type: 'caller-text', itemId: 'i', text: 'Hello?', final: true });
    provider.last.emit({ type: 'ended', reason: 'gone' });
  }
  await new Promise(setImmediate);
  clock.advance(1300);
  await new Promise(setImmediate);
  assert.deepEqual(spoken, [prompt.lines.oneMoment]);
  for (const session of sessions) session.close();
  await voice.close();
  assert.equal(clock.timers, 0);
});

test('an anomaly of a hosted model is counted every time, and is in the log once a call with its kind', async () => {
  const service = await OpenAiService.listen();
  const lines: string[] = [];
  const metrics = new Metrics();
  const voice = await createVoice({
    config: readConfig({
      VOICE_PROVIDER: 'openai',
      OPENAI_API_KEY: 'sk-simulated',
      OPENAI_BASE_URL: service.baseUrl,
      USE_LOCAL_DYNAMODB: 'true',
    }),
    log: createLogger({ level: 'info', destination: { write: (line) => lines.push(line) } }),
    metrics,
    clock: new FakeClock(),
    engine: speaker().engine,
    env: {},
    extensions: { tools: [], processors: new Map(), providers: new Map() },
    assistants: new Assistants(new Assistant({ prompt: defaultPrompt, queues: [] }), new Map()),
  });
  try {
    for (const conversationId of ['first-call', 'second-call']) {
      const recorder = new VoiceRecorder();
      const session = voice.open({
        conversationId,
        instructions: '',
        greeting: undefined,
        answersLast: false,
        language: 'en',
        tools: [],
        conversation: { turns: [], isPlaying: false },
        listener: recorder.listener,
      });
      await recorder.nth('ready');
      const connection = await service.connected();
      for (let time = 0; time < 3; time++) connection.send({ type: 'response.invented' }, 'no JSON');
      await connection.settled();
      session.close();
      service.connections.length = 0;
    }
    const told = lines
      .map((line) => JSON.parse(line) as { kind?: string; provider?: string; conversation_id?: string })
      .filter(({ kind }) => kind !== undefined)
      .map(({ conversation_id: call, kind, provider }) => [call, provider, kind]);
    assert.deepEqual(told, [
      ['first-call', 'openai', 'unknown-event'],
      ['first-call', 'openai', 'not-json'],
      ['second-call', 'openai', 'unknown-event'],
      ['second-call', 'openai', 'not-json'],
    ]);
    const text = await metrics.text();
    for (const kind of ['unknown-event', 'not-json'])
      assert.match(text, new RegExp(`voice_provider_anomalies_total\\{provider="openai",kind="${kind}"\\} 6`));
  } finally {
    await voice.close();
    await service.close();
  }
});
