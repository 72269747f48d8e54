import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pino } from 'pino';
import { FakeClock } from '../../test/support/fake-clock.js';
import { ScriptedProvider } from '../../test/support/scripted-provider.js';
import { readConfig } from '../config/config.js';
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
