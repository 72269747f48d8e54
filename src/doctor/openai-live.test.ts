import assert from 'node:assert/strict';
import { test } from 'node:test';
import { examine, idsOf } from '../../test/support/examine.js';
import { type OpenAiLiveSimOptions, startOpenAiLiveSim } from '../../sim/openai-live/host.js';

const KEY = 'sk-test';

async function ask(env: Record<string, string> = {}, options: OpenAiLiveSimOptions = {}) {
  const sim = await startOpenAiLiveSim({ apiKeys: [KEY], ...options });
  try {
    const settings = { VOICE_PROVIDER: 'openai-live', OPENAI_API_KEY: KEY, OPENAI_BASE_URL: sim.url };
    const { findings } = await examine({ ...settings, ...env }, ['OpenAI Live']);
    const ours = findings.filter(({ service }) => service === 'OpenAI Live');
    return { ids: idsOf(ours), text: ours.map(({ text }) => text).join('\n'), sim };
  } finally {
    await sim.close();
  }
}

test('a GPT-Live that starts a session is fine, and the session is closed', async () => {
  const { ids, sim, text } = await ask();
  assert.deepEqual(ids, ['fine openai-live-ready']);
  assert.match(text, /^gpt-live-1 started a session with the voice marin in \d\.\d s/);
  const [session] = sim.live.sessions;
  assert.deepEqual(
    session?.events.map(({ event }) => event['type']),
    ['session.start', 'session.close'],
  );
});

test('what GPT-Live refuses is found with the setting that it comes from', async () => {
  const refuse = (status: number): OpenAiLiveSimOptions => ({
    faults: [{ when: { at: 'connect' }, fault: { type: 'refuse', status } }],
  });
  const cases: [string, Record<string, string>, OpenAiLiveSimOptions?][] = [
    ['openai-key', { OPENAI_API_KEY: 'sk-wrong' }],
    ['openai-key', {}, refuse(403)],
    ['openai-quota', {}, refuse(429)],
    ['openai-websocket', {}, refuse(500)],
    ['openai-unreachable', { OPENAI_BASE_URL: 'http://127.0.0.1:9/v1' }],
    ['openai-live-model', { OPENAI_LIVE_MODEL: 'gpt-realtime-2.1' }],
    ['openai-live-model', { OPENAI_LIVE_BACKEND_MODEL: 'gpt-of-nobody' }],
    ['openai-live-voice', { OPENAI_LIVE_VOICE: 'nobody' }],
  ];
  for (const [id, env, options] of cases) {
    const { ids, text } = await ask(env, options);
    assert.deepEqual(ids, [`fault ${id}`], text);
  }
});
