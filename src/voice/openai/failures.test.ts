import assert from 'node:assert/strict';
import { test } from 'node:test';
import { failure, withOpenAi } from '../../../test/support/openai-rig.js';
import type { ServiceConnection } from '../../../test/support/openai-service.js';
import { AudioChunk } from '../../audio/chunk.js';

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
