import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LIVE_PATH, startLiveSim } from '../../test/support/live-sim.js';
import { until } from '../../test/support/rig.js';

const responses = (fields: object = {}) => ({
  type: 'responses',
  responses: { model: 'gpt-5.6-luna', ...fields },
});
const user = (text: string) => ({ type: 'message', role: 'user', content: [{ type: 'input_text', text }] });

test('a GPT-Live session repeats its settings with the defaults of what it was not told', async (t) => {
  const { client } = await startLiveSim(t);
  const live = client();
  live.send({ type: 'session.start', event_id: 'mine', session: { model: 'gpt-live-1', input: [user('Hello.')] } });
  const { client_event_id: answered, session } = await live.next('session.started');
  assert.equal(answered, 'mine');
  const { expires_at: expiresAt, id, ...rest } = session as Record<string, unknown>;
  assert.equal(typeof id, 'string');
  assert.equal(typeof expiresAt, 'number');
  assert.deepEqual(rest, {
    status: 'active',
    model: 'gpt-live-1',
    input: [user('Hello.')],
    delegation: { type: 'client' },
    store: false,
    audio: { format: { type: 'audio/pcm', rate: 24_000 }, output: { voice: 'marin' } },
  });
});

test('GPT-Live refuses a session with a field, a value or a size that the service does not take', async (t) => {
  const { client } = await startLiveSim(t);
  const format = (given: object) => ({ audio: { format: given } });
  const cases: [object, string, string?][] = [
    [{ model: undefined }, 'session.model'],
    [{ model: 'gpt-realtime-2.1' }, 'session.model', 'model_not_found'],
    [{ temperature: 1 }, 'session.temperature', 'unknown_parameter'],
    [{ tools: [] }, 'session.tools', 'unknown_parameter'],
    [{ turn_detection: null }, 'session.turn_detection', 'unknown_parameter'],
    [format({ type: 'audio/pcmu' }), 'session.audio.format.rate'],
    [format({ type: 'audio/pcmu', rate: 16_000 }), 'session.audio.format.rate'],
    [format({ type: 'audio/pcm', rate: 8000 }), 'session.audio.format.rate'],
    [format({ type: 'audio/opus', rate: 8000 }), 'session.audio.format.type'],
    [{ audio: { output: { voice: 'nobody' } } }, 'session.audio.output.voice'],
    [{ input: [{ type: 'message', role: 'system', content: [] }] }, 'session.input[0].role'],
    [{ input: Array.from({ length: 129 }, () => user('x')) }, 'session.input'],
    [{ input: [user('x'.repeat(40_000))] }, 'session.input'],
    [{ instructions: 'x'.repeat(70_000) }, 'session.instructions'],
    [{ delegation: { type: 'responses', responses: {} } }, 'session.delegation.responses.model'],
    [{ delegation: responses({ temperature: 1 }) }, 'session.delegation.responses.temperature', 'unknown_parameter'],
    [{ delegation: responses({ max_output_tokens: 4 }) }, 'session.delegation.responses.max_output_tokens'],
    [{ delegation: responses({ service_tier: 'fast' }) }, 'session.delegation.responses.service_tier'],
  ];
  for (const [fields, param, code] of cases) {
    const live = client();
    live.send({ type: 'session.start', event_id: 'start', session: { model: 'gpt-live-1', ...fields } });
    const { error } = await live.next('error');
    const refusal = error as { client_event_id: string; code: string; param?: string };
    assert.equal(refusal.param, param, JSON.stringify(fields));
    assert.equal(refusal.client_event_id, 'start');
    if (code !== undefined) assert.equal(refusal.code, code);
    assert.equal(live.of('session.started').length, 0);
  }
});

test('GPT-Live takes nothing before session.start, and session.start only once', async (t) => {
  const { client, session } = await startLiveSim(t);
  const live = client();
  live.send({ type: 'session.input_audio.append', audio: '//8=' });
  await live.next('error');
  await live.start();
  live.send({ type: 'session.start', session: { model: 'gpt-live-1' } });
  await live.next('error', 2);
  assert.equal(session().callerAudio.length, 0);
});

test('GPT-Live changes the settings of the backend in a running session, and nothing else', async (t) => {
  const { client, session } = await startLiveSim(t);
  const live = await client().start({ delegation: responses({ instructions: 'Be quick.' }) });
  const update = (given: object) => live.send({ type: 'session.update', event_id: 'u', session: given });
  update({ delegation: { type: 'responses', responses: { model: 'gpt-6-luna' } } });
  const { client_event_id: answered } = await live.next('session.updated');
  assert.equal(answered, 'u');
  assert.deepEqual(session().settings?.delegation, responses({ model: 'gpt-6-luna', instructions: 'Be quick.' }));
  const refusals: [object, string][] = [
    [{ delegation: { type: 'client' } }, 'immutable_field_update'],
    [{ delegation: null }, 'immutable_field_update'],
    [{ instructions: 'Be slow.' }, 'unknown_parameter'],
    [{ model: 'gpt-live-1' }, 'unknown_parameter'],
  ];
  for (const [index, [given, code]] of refusals.entries()) {
    update(given);
    assert.equal(((await live.next('error', index + 1))['error'] as { code: string }).code, code);
  }
});

test('GPT-Live refuses a connection without a key, with a wrong key or with a query', async (t) => {
  const { client, sim } = await startLiveSim(t, { apiKeys: ['sk-right'] });
  const tries = [
    [401, { headers: {} }],
    [401, { headers: { authorization: 'Bearer sk-wrong' } }],
    [400, { headers: { authorization: 'Bearer sk-right' }, path: `${LIVE_PATH}?model=gpt-live-1` }],
  ] as const;
  for (const [status, options] of tries) {
    const live = client(options);
    await until(() => live.refused !== undefined, 'an answer');
    assert.equal(live.refused?.status, status);
  }
  assert.deepEqual(
    sim.live.refusals.map(({ status }) => status),
    [401, 401, 400],
  );
});
