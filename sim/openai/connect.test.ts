import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RealtimeClient, type RealtimeClientOptions } from '../../test/support/realtime-client.js';
import { startSim } from '../../test/support/openai-sim.js';
import { until } from '../../test/support/rig.js';

const authorization = 'Bearer sk-good';

test('session.created comes first, with the service’s initial settings and the expiry time', async (t) => {
  const { clock, port, sim } = await startSim(t, { sessionSeconds: 90 });
  const client = new RealtimeClient(port, { headers: { authorization, 'OpenAI-Safety-Identifier': 'hash-of-caller' } });
  const { session, event_id } = await client.next('session.created');
  assert.match(event_id, /^event_/);
  assert.equal(client.events[0]?.type, 'session.created');
  assert.equal(client.extensions, '', 'no compression, although the client offered it');
  assert.match(session.id, /^sess_/);
  assert.equal(session.model, 'gpt-realtime-2.1');
  assert.equal(session.expires_at, clock.epochMs() / 1000 + 90);
  assert.deepEqual(session.audio.input.format, { type: 'audio/pcm', rate: 24_000 });
  assert.deepEqual(session.audio.output, { format: { type: 'audio/pcm', rate: 24_000 }, voice: 'marin', speed: 1 });
  assert.equal(session.audio.input.transcription, null);
  assert.equal(session.audio.input.turn_detection.type, 'server_vad');
  assert.equal(session.tracing, null);
  assert.equal(sim.sessions[0]?.headers['openai-safety-identifier'], 'hash-of-caller');
});

test('a session ends at its maximum duration with 1001 and the service’s reason', async (t) => {
  const { clock, port, sim } = await startSim(t);
  const client = new RealtimeClient(port);
  await client.next('session.created');
  clock.advance(3_599_999);
  await client.settled();
  clock.advance(1);
  const closed = await client.whenClosed();
  assert.deepEqual(closed, { code: 1001, reason: 'Your session hit the maximum duration of 60 minutes.' });
  assert.deepEqual(sim.sessions[0]?.closed, { ...closed, by: 'server' });
});

test('the handshake without a key, with a wrong key or for a wrong path is refused with the service’s JSON', async (t) => {
  const { port, sim } = await startSim(t, { apiKeys: ['sk-good'] });
  const attempts: [RealtimeClientOptions, number, string | null][] = [
    [{ headers: {} }, 401, null],
    [{ headers: { authorization: 'Basic c2s=' } }, 401, null],
    [{ headers: { authorization: 'Bearer sk-bad' } }, 401, 'invalid_api_key'],
    [{ headers: { authorization }, path: '/v1/realtime/nowhere?model=gpt-realtime-2.1' }, 404, 'unknown_url'],
  ];
  for (const [options, status, code] of attempts) {
    const client = new RealtimeClient(port, options);
    await until(() => client.refused !== undefined, 'an answer');
    assert.equal(client.refused?.status, status);
    assert.equal((JSON.parse(client.refused?.body ?? '') as { error: { code: unknown } }).error.code, code);
  }
  assert.deepEqual(
    sim.refusals.map(({ status }) => status),
    [401, 401, 401, 404],
  );
  const call = new RealtimeClient(port, { headers: { authorization }, path: '/v1/realtime?call_id=rtc_1' });
  await until(() => call.refused !== undefined, 'an answer');
  assert.deepEqual(call.refused, { status: 404, body: '' });
  const plain = await fetch(`${sim.url}/models`);
  assert.equal(plain.status, 404);
  assert.deepEqual(sim.sessions, []);
});

test('simulated OpenAI: a model is described to those who have a key, and an unknown one is not found', async (t) => {
  const { port } = await startSim(t, { apiKeys: ['sk-good'] });
  const ask = async (model: string, key: string) => {
    const response = await fetch(`http://127.0.0.1:${port}/v1/models/${model}`, {
      headers: { authorization: `Bearer ${key}` },
    });
    const body = (await response.json()) as { id?: string; error?: { code: string } };
    return [response.status, body.id ?? body.error?.code];
  };
  assert.deepEqual(await ask('gpt-realtime-2.1', 'sk-good'), [200, 'gpt-realtime-2.1']);
  assert.deepEqual(await ask('gpt-transcribe', 'sk-good'), [200, 'gpt-transcribe']);
  assert.deepEqual(await ask('gpt-realtime-9', 'sk-good'), [404, 'model_not_found']);
  assert.deepEqual(await ask('gpt-realtime-2.1', 'sk-bad'), [401, 'invalid_api_key']);
});

test('every model that OpenAI serves opens a session, the older ones too', async (t) => {
  const { port } = await startSim(t);
  for (const model of [
    'gpt-realtime-2.1',
    'gpt-realtime-2.1-mini',
    'gpt-realtime',
    'gpt-realtime-2025-08-28',
    'gpt-realtime-mini',
    'gpt-realtime-mini-2025-12-15',
  ]) {
    const client = new RealtimeClient(port, { headers: { authorization }, path: `/v1/realtime?model=${model}` });
    assert.equal((await client.next('session.created'))['session'].model, model);
  }
});

test('a session that cannot be served gets an error event and is closed with 4000', async (t) => {
  const { port, sim } = await startSim(t);
  const turnedAway: [RealtimeClientOptions, string][] = [
    [{ path: '/v1/realtime' }, 'missing_model'],
    [{ path: '/v1/realtime?model=gpt-realtime-9' }, 'model_not_found'],
    [{ path: '/v1/realtime?model=gpt-4o-realtime-preview' }, 'model_not_found'],
    [{ path: '/v1/realtime?model=gpt-realtime-2.1&call_id=rtc_1' }, 'invalid_parameters'],
    [{ path: '/v1/realtime?model=gpt-realtime-2.1&intent=transcription' }, 'invalid_parameters'],
    [{ path: '/v1/realtime?intent=transcription' }, 'invalid_intent'],
    [{ headers: { authorization, 'OpenAI-Beta': 'realtime=v1' } }, 'beta_api_shape_disabled'],
  ];
  for (const [options, code] of turnedAway) {
    const client = new RealtimeClient(port, options);
    const closed = await client.whenClosed();
    assert.deepEqual(client.types(), ['error'], code);
    assert.equal(client.events[0]?.['error'].code, code);
    if (code === 'beta_api_shape_disabled')
      assert.match(client.events[0]?.['error'].message, /^The Realtime Beta API is no longer supported\. Please use/);
    assert.deepEqual(closed, { code: 4000, reason: `invalid_request_error.${code}` });
  }
  assert.deepEqual(sim.sessions, []);
});

test('a session.update in the beta’s flat shape closes the connection', async (t) => {
  const { port } = await startSim(t);
  const client = new RealtimeClient(port);
  client.send({ type: 'session.update', session: { modalities: ['audio'], input_audio_format: 'g711_ulaw' } });
  assert.equal((await client.whenClosed()).code, 4000);
  assert.equal(client.of('error')[0]?.['error'].code, 'beta_api_shape_disabled');
});

test('an invalid event is answered with an error, and the session continues', async (t) => {
  const { clock, telephone, sim } = await startSim(t);
  const client = await telephone();
  const messages = ['not json', Buffer.from('{"type":"response.create"}'), '[]', '7', 'null', '{}', '{"type":5}'];
  for (const message of messages) client.sendRaw(message);
  await client.settled();
  const codes = client.of('error').map(({ error }) => (error as { code: string }).code);
  assert.deepEqual(codes, [
    'invalid_json',
    'invalid_json',
    'invalid_event',
    'invalid_event',
    'invalid_event',
    'missing_required_parameter',
    'invalid_value',
  ]);
  const unknown = await client.refusalOf({ type: 'response.sing', event_id: 'mine-1' });
  assert.match(unknown?.['message'], /^Invalid value: 'response.sing'. Supported values are: 'session.update',/);
  assert.equal(unknown?.['event_id'], 'mine-1');
  assert.equal((await client.refusalOf({ type: 'output_audio_buffer.clear' }))?.['code'], 'invalid_value');
  assert.equal((await client.refusalOf({ type: 'response.cancel', hurry: true }))?.['param'], 'hurry');
  client.send({ type: 'response.create' });
  await client.next('response.output_audio.delta');
  client.close();
  await until(() => clock.timers === 0, 'nothing is left running');
  assert.equal(sim.sessions[0]?.closed?.by, 'client');
});
