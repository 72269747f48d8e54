import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pino } from 'pino';
import { FakeEngine, settle } from '../../../test/support/local-rig.js';
import type { VoiceEvent } from '../session.js';
import { createLocalProvider } from './provider.js';

const settings = { sttModel: 'tiny', llmBaseUrl: undefined, llmModel: undefined, log: pino({ level: 'silent' }) };
const options = {
  conversationId: 'c',
  instructions: '',
  greeting: 'Hello.',
  language: 'en-US',
  tools: [],
  answersLast: false,
  conversation: { turns: [], isPlaying: false },
};

test('the local provider fails a session that is opened before it is prepared', async () => {
  const events: VoiceEvent[] = [];
  createLocalProvider(settings).open({ ...options, listener: (event) => events.push(event) });
  assert.equal(events.length, 0);
  await settle();
  assert.deepEqual(
    events.map((event) => event.type === 'failed' && event.error.code),
    ['SESSION_CLOSED'],
  );
});

test('the local provider warms up the engine and closes its sessions without an event', async () => {
  const engine = new FakeEngine();
  const provider = createLocalProvider({ ...settings, engine });
  await provider.prepare();
  assert.equal(engine.spoken.length, 1);
  const events: VoiceEvent[] = [];
  provider.open({ ...options, listener: (event) => events.push(event) });
  await settle();
  const before = events.length;
  await provider.close();
  assert.equal(engine.isListening, false);
  assert.equal(events.length, before);
});

test('the local provider refuses an LLM endpoint without a model', async () => {
  const provider = createLocalProvider({
    ...settings,
    llmBaseUrl: 'http://127.0.0.1:1/v1',
    engine: new FakeEngine(),
  });
  await assert.rejects(provider.prepare(), { code: 'CONFIG_INVALID' });
});
