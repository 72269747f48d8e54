import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AudioChunk } from '../../audio/chunk.js';
import { createServer, type Socket } from 'node:net';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { type OpenAiRig, withOpenAi } from '../../../test/support/openai-rig.js';
import type { ServiceConnection } from '../../../test/support/openai-service.js';

async function failure(rig: OpenAiRig): Promise<{ code: string; message: string }> {
  const { code, message } = (await rig.recorder.nth('failed')).error;
  assert.equal(rig.recorder.types.at(-1), 'failed');
  assert.doesNotMatch(message, /secret|words of the service/);
  return { code, message };
}

test('a refused handshake fails the session with the error of its HTTP status', async () => {
  const expected: [number, string][] = [
    [401, 'VOICE_REFUSED'],
    [403, 'VOICE_REFUSED'],
    [404, 'VOICE_REFUSED'],
    [429, 'VOICE_THROTTLED'],
    [500, 'VOICE_FAILED'],
    [503, 'VOICE_FAILED'],
    [302, 'VOICE_UNREACHABLE'],
  ];
  for (const [status, code] of expected) {
    await withOpenAi(async (rig) => {
      rig.service.refuseWith = status;
      rig.open();
      const error = await failure(rig);
      assert.equal(error.code, code);
      assert.match(error.message, new RegExp(String(status)));
      assert.equal(rig.clock.timers, 0);
    });
  }
});

test('a closed port and an unknown host name are unreachable', async () => {
  for (const baseUrl of ['http://127.0.0.1:1/v1', 'http://nowhere.invalid/v1', 'https://127.0.0.1:1/v1']) {
    await withOpenAi(
      async (rig) => {
        rig.open();
        assert.equal((await failure(rig)).code, 'VOICE_UNREACHABLE');
      },
      { baseUrl },
    );
  }
});

test('a service that accepts the connection but not the settings in time has stalled', () =>
  withOpenAi(
    async (rig) => {
      rig.service.isSilent = true;
      rig.open();
      await (await rig.service.connected()).next('session.update');
      rig.clock.advance(2999);
      assert.deepEqual(rig.recorder.types, []);
      rig.clock.advance(1);
      assert.equal((await failure(rig)).code, 'VOICE_STALLED');
    },
    { openTimeoutMs: 3000 },
  ));

test('a server that accepts the connection and never answers the handshake has stalled', async () => {
  const sockets: Socket[] = [];
  const server = createServer((socket) => sockets.push(socket)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  await withOpenAi(
    async (rig) => {
      rig.open();
      await once(server, 'connection');
      rig.clock.advance(5000);
      assert.equal((await failure(rig)).code, 'VOICE_STALLED');
    },
    { baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1` },
  );
  for (const socket of sockets) socket.destroy();
  server.close();
});

test('a message without end is not read to its end, and ends the session', () =>
  withOpenAi(async (rig) => {
    rig.open();
    const service = await rig.service.connected();
    await rig.recorder.nth('ready');
    service.socket.send('x'.repeat(17 * 1024 * 1024));
    assert.equal((await failure(rig)).code, 'VOICE_UNREACHABLE');
  }));

test('the close code of the connection decides the error of the session', async () => {
  const expected: [(connection: ServiceConnection) => void, string][] = [
    [({ socket }) => socket.close(1001, 'Your session hit the maximum duration of 60 minutes.'), 'VOICE_EXPIRED'],
    [({ socket }) => socket.close(1001, 'going away'), 'VOICE_UNREACHABLE'],
    [({ socket }) => socket.close(4000, 'whatever'), 'VOICE_PROTOCOL'],
    [({ socket }) => socket.close(1011), 'VOICE_UNREACHABLE'],
    [({ socket }) => socket.terminate(), 'VOICE_UNREACHABLE'],
  ];
  for (const [close, code] of expected) {
    await withOpenAi(async (rig) => {
      close((await rig.ready()).connection);
      assert.equal((await failure(rig)).code, code);
      assert.equal(rig.clock.timers, 0);
    });
  }
});

test('rejected settings fail an OpenAI session', () =>
  withOpenAi(async (rig) => {
    rig.service.isSilent = true;
    rig.open();
    const connection = await rig.service.connected();
    connection.error('unknown_parameter', (await connection.next('session.update'))['event_id']);
    const error = await failure(rig);
    assert.equal(error.code, 'VOICE_PROTOCOL');
    assert.match(error.message, /unknown_parameter/);
  }));

test('a refused setting is named in the error and in the log with the variable that it comes from', () =>
  withOpenAi(async (rig) => {
    rig.service.isSilent = true;
    rig.open();
    const connection = await rig.service.connected();
    const { event_id: eventId } = await connection.next('session.update');
    const error = { type: 'invalid_request_error', code: 'invalid_value', param: 'session.audio.output.voice' };
    connection.send({ type: 'error', error: { ...error, message: 'words of the service', event_id: eventId } });
    const { code, message } = await failure(rig);
    assert.equal(code, 'VOICE_PROTOCOL');
    assert.match(message, /session\.audio\.output\.voice \(set by OPENAI_VOICE/);
    assert.match(rig.lines.join(''), /"openai_param":"session\.audio\.output\.voice","setting":"OPENAI_VOICE/);
  }));

for (const [param, sent] of [
  ['session.audio.input.transcription.languages', /"transcription":\{"model":"gpt-transcribe"\}/],
  ['session.audio.input.transcription.model', /"transcription":\{"model":"gpt-transcribe"\}/],
  ['session.tools[0].description', /"description":"d{1024}"/],
] as const)
  test(`a refused ${param} costs one session, and the next one does without it`, () =>
    withOpenAi(async (rig) => {
      rig.service.isSilent = true;
      const tools = [{ name: 'x', description: 'd'.repeat(2000), parameters: {} }];
      rig.open({ tools });
      const connection = await rig.service.connected();
      const { event_id: eventId } = await connection.next('session.update');
      const error = { type: 'invalid_request_error', code: 'unsupported_parameter', param, message: '' };
      connection.send({ type: 'error', error: { ...error, event_id: eventId } });
      assert.equal((await failure(rig)).code, 'VOICE_FAILED');
      rig.service.connections.length = 0;
      rig.open({ tools });
      const next = await (await rig.service.connected()).next('session.update');
      assert.match(JSON.stringify(next['session']), sent);
    }));

test('a service that refuses every transcription is asked for none in the end', () =>
  withOpenAi(async (rig) => {
    rig.service.isSilent = true;
    const wanted: unknown[] = [];
    for (let session = 0; session < 3; session++) {
      rig.open();
      const connection = await rig.service.connected();
      const { event_id: eventId, session: settings } = await connection.next('session.update');
      wanted.push((settings as { audio: { input: { transcription: unknown } } }).audio.input.transcription);
      const error = { type: 'invalid_request_error', code: 'invalid_value', message: '' };
      const param = 'session.audio.input.transcription.model';
      connection.send({ type: 'error', error: { ...error, param, event_id: eventId } });
      const codes = (): string[] => rig.recorder.of('failed').map(({ error: { code } }) => code);
      await rig.recorder.nth('failed', session + 1);
      assert.equal(codes().at(-1), session < 2 ? 'VOICE_FAILED' : 'VOICE_PROTOCOL');
      rig.service.connections.length = 0;
    }
    assert.deepEqual(wanted, [{ model: 'gpt-transcribe', languages: ['en'] }, { model: 'gpt-transcribe' }, null]);
    assert.deepEqual(rig.lines.join('').match(/"openai_error_code":"refused"/g)?.length, 1);
  }));

const TRANSFER = { tools: [{ name: 'transfer_to_human', description: '', parameters: {} }] };

test('a model whose caller is never transcribed is told to listen for a wish for a human, in every session', () =>
  withOpenAi(async (rig) => {
    const { connection } = await rig.ready(TRANSFER);
    for (const itemId of ['c1', 'c2', 'c3']) {
      connection.callerSpeaks(itemId);
      connection.callerStops(itemId);
      connection.answer(connection.begin());
      const error = { type: 'invalid_request_error', code: 'model_not_found', message: 'words of the service' };
      connection.send({
        type: 'conversation.item.input_audio_transcription.failed',
        item_id: itemId,
        content_index: 0,
        error,
      });
    }
    const note = JSON.stringify(await connection.next('conversation.item.create'));
    assert.match(note, /"role":"system"[^]*call the transfer tool/);
    assert.deepEqual(await connection.rest(), []);
    assert.match(rig.lines.join(''), /"openai_error_code":"model_not_found","setting":"OPENAI_TRANSCRIPTION_MODEL"/);
    rig.service.connections.length = 0;
    rig.open(TRANSFER);
    const next = await rig.service.connected();
    assert.match(JSON.stringify(await next.next('conversation.item.create')), /call the transfer tool/);
    for (const itemId of ['d1', 'd2', 'd3', 'd4', 'd5']) {
      next.callerSpeaks(itemId);
      next.callerStops(itemId);
      next.answer(next.begin());
    }
    await next.settled();
    assert.equal(rig.lines.join('').match(/transcribes nothing of this caller/g)?.length, 1);
    assert.equal(rig.anomalies.filter((kind) => kind === 'transcription-blind').length, 1);
  }));

test('a model without a transfer tool is not told to use one', () =>
  withOpenAi(async (rig) => {
    const { connection } = await rig.ready();
    for (const itemId of ['c1', 'c2', 'c3', 'c4']) {
      connection.callerSpeaks(itemId);
      connection.callerStops(itemId);
      connection.answer(connection.begin());
    }
    assert.deepEqual(await connection.rest(), []);
    assert.ok(rig.anomalies.includes('transcription-blind'));
  }));

test('a cancel that comes too late is no warning', () =>
  withOpenAi(async (rig) => {
    const { connection } = await rig.ready();
    connection.error('response_cancel_not_active');
    await connection.settled();
    assert.match(rig.lines.join(''), /response_cancel_not_active/);
    assert.doesNotMatch(rig.lines.join(''), /"level":(40|"warn")/);
  }));

test('harmless errors are counted and logged by their codes, and the session continues', () =>
  withOpenAi(async (rig) => {
    const { connection } = await rig.ready();
    const codes = ['response_cancel_not_active', 'invalid_value', 'unsupported_content_type', 'never_heard_of'];
    for (const code of [...codes, ...codes]) connection.error(code);
    connection.error('', undefined, 'server_error');
    await connection.settled();
    assert.deepEqual(rig.anomalies, Array(9).fill('error-event'));
    assert.deepEqual(rig.recorder.types, ['ready']);
    const logged = rig.lines.join('\n');
    for (const code of codes) {
      const warnings = rig.lines.filter((line) => line.includes('"warn"') && line.includes(`"${code}"`));
      assert.equal(warnings.length, code === 'response_cancel_not_active' ? 0 : 1, code);
    }
    assert.doesNotMatch(logged, /words of the service|secret/);
  }));

test('errors after which no response is possible end the session', async () => {
  const expected: [string, string][] = [
    ['beta_api_shape_disabled', 'VOICE_PROTOCOL'],
    ['session_expired', 'VOICE_EXPIRED'],
    ['insufficient_quota', 'VOICE_REFUSED'],
    ['invalid_api_key', 'VOICE_REFUSED'],
    ['model_not_found', 'VOICE_REFUSED'],
  ];
  for (const [sent, code] of expected) {
    await withOpenAi(async (rig) => {
      (await rig.ready()).connection.error(sent);
      assert.equal((await failure(rig)).code, code);
    });
  }
});

test('a request that a fault of the service refused is sent once more', () =>
  withOpenAi(async (rig) => {
    const { connection } = await rig.ready({ greeting: 'Hi.' });
    connection.error('', (await connection.next('response.create'))['event_id'], 'server_error');
    connection.answer(connection.begin(await connection.next('response.create')));
    await rig.recorder.nth('response-done');
    assert.equal(rig.recorder.of('failed').length, 0);
  }));

test('a failed response is requested once more, then the session fails', () =>
  withOpenAi(async (rig) => {
    const { connection } = await rig.ready();
    connection.callerSpeaks('c1');
    connection.callerStops('c1');
    connection.fail(connection.begin(), { type: 'server_error', code: 'internal_error' });
    connection.fail(connection.begin(await connection.next('response.create')), { type: 'server_error' });
    assert.equal((await failure(rig)).code, 'VOICE_FAILED');
    assert.deepEqual(
      rig.recorder.of('response-done').map(({ status }) => status),
      ['failed', 'failed'],
    );
  }));

test('a response that fails after an interruption or a cancel is not requested again', () =>
  withOpenAi(async (rig) => {
    const { connection, session } = await rig.ready({ greeting: 'Hi.' });
    const first = connection.begin(await connection.next('response.create'));
    connection.callerSpeaks('c1');
    connection.fail(first, { type: 'server_error' });
    connection.callerStops('c1');
    const second = connection.begin();
    await rig.recorder.nth('response-started', 2);
    session.cancel();
    await connection.next('response.cancel');
    connection.fail(second, { type: 'server_error' });
    await rig.recorder.nth('response-done', 2);
    assert.deepEqual(await connection.rest(), []);
    assert.equal(rig.recorder.of('failed').length, 0);
  }));

test('a cancel stops the pending retry of a throttled response', () =>
  withOpenAi(async (rig) => {
    const { connection, session } = await rig.ready({ greeting: 'Hi.' });
    connection.fail(connection.begin(await connection.next('response.create')), { code: 'rate_limit_exceeded' });
    await rig.recorder.nth('response-done');
    session.cancel();
    rig.clock.advance(1000);
    assert.deepEqual(await connection.rest(), []);
  }));

test('a successful response resets the count of failures', () =>
  withOpenAi(async (rig) => {
    const { connection, session } = await rig.ready();
    for (let turn = 0; turn < 3; turn++) {
      session.sendText('Hello');
      connection.fail(connection.begin(await connection.next('response.create')), { type: 'server_error' });
      connection.answer(connection.begin(await connection.next('response.create')));
      await rig.recorder.nth('response-done', 2 * turn + 2);
    }
    assert.equal(rig.recorder.of('failed').length, 0);
  }));

test('a throttled response is requested again after a pause, then the session fails as throttled', () =>
  withOpenAi(async (rig) => {
    const { connection } = await rig.ready({ greeting: 'Hi.' });
    const throttled = { type: 'tokens', code: 'rate_limit_exceeded' };
    connection.fail(connection.begin(await connection.next('response.create')), throttled);
    await rig.recorder.nth('response-done');
    assert.deepEqual(await connection.rest(), []);
    rig.clock.advance(1000);
    connection.fail(connection.begin(await connection.next('response.create')), throttled);
    const closed = once(connection.socket, 'close');
    assert.equal((await failure(rig)).code, 'VOICE_THROTTLED');
    await closed;
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(rig.clock.timers, 0);
  }));

test('an exhausted quota and a content filter fail the session without a retry', async () => {
  await withOpenAi(async (rig) => {
    const { connection } = await rig.ready({ greeting: 'Hi.' });
    connection.fail(connection.begin(await connection.next('response.create')), { code: 'insufficient_quota' });
    assert.equal((await failure(rig)).code, 'VOICE_REFUSED');
  });
  await withOpenAi(async (rig) => {
    const { connection } = await rig.ready({ greeting: 'Hi.' });
    connection.end(connection.begin(await connection.next('response.create')), {
      status: 'incomplete',
      status_details: { type: 'incomplete', reason: 'content_filter' },
    });
    assert.equal((await failure(rig)).code, 'VOICE_BLOCKED');
  });
});

const TOO_LONG = { status: 'incomplete', status_details: { type: 'incomplete', reason: 'max_output_tokens' } };

test('an answer without a sound is requested again at once, twice at most', () =>
  withOpenAi(async (rig) => {
    const { connection } = await rig.ready();
    connection.callerSpeaks('c1');
    connection.callerStops('c1');
    connection.end(connection.begin());
    connection.end(connection.begin(await connection.next('response.create')), TOO_LONG);
    const third = connection.begin(await connection.next('response.create'));
    // Digital silence is no sound.
    connection.send({
      type: 'response.output_audio.delta',
      response_id: third,
      item_id: 'i1',
      content_index: 0,
      delta: Buffer.alloc(800, 0xff).toString('base64'),
    });
    connection.end(third);
    assert.equal((await failure(rig)).code, 'VOICE_FAILED');
    assert.deepEqual(
      rig.recorder.of('response-done').map(({ status }) => status),
      ['failed', 'failed', 'failed'],
    );
    assert.equal(rig.anomalies.filter((kind) => kind === 'empty-answer').length, 3);
    assert.match(rig.lines.join(''), /"openai_reason":"max_output_tokens"/);
  }));

test('an answer that was requested again and is heard ends the count of empty ones', () =>
  withOpenAi(async (rig) => {
    const { connection, session } = await rig.ready({ greeting: 'Hi.' });
    const greeting = await connection.next('response.create');
    connection.end(connection.begin(greeting));
    const again = await connection.next('response.create');
    const words = (create: typeof again): unknown => (create['response'] as { instructions?: unknown }).instructions;
    assert.equal(words(again), words(greeting), 'the greeting itself');
    for (let turn = 0; turn < 3; turn++) {
      connection.answer(connection.begin(turn === 0 ? again : await connection.next('response.create')));
      await rig.recorder.nth('response-done', 2 * turn + 2);
      session.sendText('Hello');
      connection.end(connection.begin(await connection.next('response.create')));
    }
    assert.equal(rig.recorder.of('failed').length, 0);
  }));

test('an answer that breaks off in the middle is continued by the model where it stopped', () =>
  withOpenAi(async (rig) => {
    const { connection, session } = await rig.ready();
    session.sendText('Hello');
    const first = connection.begin(await connection.next('response.create'));
    connection.audio(first, 'i1', 100);
    connection.end(first, TOO_LONG);
    const { response } = await connection.next('response.create');
    assert.match(JSON.stringify(response), /Be brief\.[^]*Continue it exactly where it stopped/);
    assert.equal((await rig.recorder.nth('response-done')).status, 'failed');
    assert.deepEqual(rig.anomalies, ['cut-answer', 'response-failed']);
  }));

test('a function call that is cut off is requested again, and one that is complete is not', () =>
  withOpenAi(async (rig) => {
    const { connection } = await rig.ready({ greeting: 'Hi.' });
    const cut = connection.begin(await connection.next('response.create'));
    connection.audio(cut, 'i1', 20);
    connection.send({
      type: 'response.output_item.done',
      response_id: cut,
      item: { id: 'i2', type: 'function_call', status: 'incomplete', call_id: 'c', name: 'x', arguments: '{"a' },
    });
    connection.end(cut);
    const whole = connection.begin(await connection.next('response.create'));
    connection.callTool(whole, 'call_1', 'lookup', '{}');
    connection.end(whole, TOO_LONG);
    await rig.recorder.nth('tool-call');
    await rig.recorder.nth('response-done', 2);
    assert.deepEqual(await connection.rest(), []);
    assert.equal(rig.anomalies.includes('cut-answer'), true);
  }));

test('a model that writes instead of speaking counts as failed', () =>
  withOpenAi(async (rig) => {
    const { connection } = await rig.ready({ greeting: 'Hi.' });
    const id = connection.begin(await connection.next('response.create'));
    connection.send({ type: 'response.output_text.delta', response_id: id, item_id: 'i1', delta: 'Hello' });
    connection.end(id);
    assert.equal((await rig.recorder.nth('response-done')).status, 'failed');
    await connection.next('response.create');
    assert.deepEqual(rig.anomalies, ['text-answer', 'response-failed']);
  }));

test('a line that fails is not repeated, because its owner decides', () =>
  withOpenAi(async (rig) => {
    const { connection, session } = await rig.ready();
    session.say('Goodbye.', 'bye');
    connection.fail(connection.begin(await connection.next('response.create')), { type: 'server_error' });
    const done = await rig.recorder.nth('response-done');
    assert.deepEqual([done.sayId, done.status], ['bye', 'failed']);
    assert.deepEqual(await connection.rest(), []);
  }));

test('every requested line ends as failed before the session does', () =>
  withOpenAi(async (rig) => {
    const { connection, session } = await rig.ready({ greeting: 'Hi.' });
    const id = connection.begin(await connection.next('response.create'));
    connection.audio(id, 'i1', 20);
    await rig.recorder.nth('audio');
    session.say('One.', 's1');
    session.say('Two.', 's2');
    connection.socket.terminate();
    await failure(rig);
    assert.deepEqual(
      rig.recorder.of('response-done').map(({ sayId, status }) => [sayId, status]),
      [
        [undefined, 'failed'],
        ['s1', 'failed'],
        ['s2', 'failed'],
      ],
    );
    assert.equal(rig.recorder.of('item-done').length, 1);
  }));

test('a dead connection is noticed at the second ping', () =>
  withOpenAi(
    async (rig) => {
      const { connection } = await rig.ready();
      connection.socket.pause();
      rig.clock.advance(10_000);
      assert.equal(rig.recorder.of('failed').length, 0);
      rig.clock.advance(10_000);
      assert.equal((await failure(rig)).code, 'VOICE_UNREACHABLE');
    },
    { limits: { patienceMs: 3_600_000 } },
  ));

test('a session whose pings are answered stays open', () =>
  withOpenAi(
    async (rig) => {
      const { connection } = await rig.ready();
      for (let round = 0; round < 5; round++) {
        const pinged = once(connection.socket, 'ping');
        rig.clock.advance(10_000);
        await pinged;
        await connection.settled();
      }
      assert.equal(rig.recorder.of('failed').length, 0);
    },
    { limits: { patienceMs: 3_600_000 } },
  ));

test('a service that never answers a request has stalled', () =>
  withOpenAi(async (rig) => {
    const { connection, session } = await rig.ready();
    rig.clock.advance(6000);
    session.say('Hello.', 's1');
    await connection.next('response.create');
    rig.clock.advance(9999);
    assert.equal(rig.recorder.of('failed').length, 0);
    rig.clock.advance(1);
    assert.equal((await failure(rig)).code, 'VOICE_STALLED');
    assert.equal(rig.recorder.of('response-done')[0]?.status, 'failed');
  }));

test("a service that never answers the caller's turn has stalled", () =>
  withOpenAi(async (rig) => {
    const { connection } = await rig.ready();
    connection.callerSpeaks('c1');
    connection.callerStops('c1');
    await rig.recorder.nth('caller-turn');
    rig.clock.advance(10_000);
    assert.equal((await failure(rig)).code, 'VOICE_STALLED');
  }));

test('a silent service that owes nothing is probed for a sign of life', () =>
  withOpenAi(async (rig) => {
    const { connection } = await rig.ready();
    for (let round = 0; round < 3; round++) {
      rig.clock.advance(10_000);
      const probe = await connection.next('session.update');
      assert.deepEqual(probe['session'], { type: 'realtime' });
      connection.error('whatever', probe['event_id']);
      await connection.settled();
    }
    assert.equal(rig.recorder.of('failed').length, 0);
    rig.clock.advance(10_000);
    await connection.next('session.update');
    // Pings are answered all the while.
    await connection.settled();
    rig.clock.advance(10_000);
    assert.equal((await failure(rig)).code, 'VOICE_STALLED');
  }));

test('caller audio is buffered while the network is slow, and the oldest is dropped', () =>
  withOpenAi(
    async (rig) => {
      const { connection, session } = await rig.ready();
      connection.socket.pause();
      for (let n = 0; n < 400 && rig.anomalies.length === 0; n++) session.sendAudio(eightSeconds());
      assert.equal(rig.anomalies[0], 'caller-audio-dropped');
      assert.deepEqual(rig.recorder.types, ['ready']);
    },
    { limits: { heldAudioMs: 20_000 } },
  ));

test('a session fails when the network accepts no more audio', () =>
  withOpenAi(
    async (rig) => {
      const { connection, session } = await rig.ready();
      connection.socket.pause();
      for (let n = 0; n < 400 && rig.recorder.of('failed').length === 0; n++) session.sendAudio(eightSeconds());
      assert.equal((await failure(rig)).code, 'VOICE_UNREACHABLE');
    },
    { limits: { congestedBytes: Number.POSITIVE_INFINITY, deadBytes: 512 * 1024 } },
  ));

function eightSeconds(): AudioChunk {
  return AudioChunk.fromBytes('mulaw', 8000, new Uint8Array(64_000));
}
