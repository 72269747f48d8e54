import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AudioChunk } from '../../audio/chunk.js';
import { withOpenAi } from '../../../test/support/openai-rig.js';
import { type ServiceConnection, sessionUpdated, type WireEvent } from '../../../test/support/openai-service.js';
import { until } from '../../../test/support/rig.js';
import type { Turn } from '../history.js';

function frame(value: number): AudioChunk {
  return AudioChunk.fromBase64('mulaw', 8000, Buffer.alloc(160, value).toString('base64'));
}

function instructionsOf(event: WireEvent): string {
  return String((event['response'] as Record<string, unknown>)['instructions']);
}

test('an OpenAI session authenticates, sends its settings first, and is ready when the service agrees', () =>
  withOpenAi(async ({ ready, recorder, service }) => {
    const { connection } = await ready();
    assert.equal(connection.request.url, '/v1/realtime?model=gpt-realtime-2.1');
    assert.equal(connection.request.headers['authorization'], 'Bearer sk-test-very-secret');
    assert.match(String(connection.request.headers['openai-safety-identifier']), /^[0-9a-f]{32}$/);
    assert.equal(connection.request.headers['openai-beta'], undefined);
    assert.equal(connection.request.headers['sec-websocket-extensions'], undefined);
    assert.equal(connection.received[0]?.type, 'session.update');
    assert.deepEqual(recorder.types, ['ready']);
    assert.equal(service.connections.length, 1);
  }));

test('a service that refuses mu-law fails the session, and the next one asks for linear PCM', async () => {
  for (const [input, output] of [
    ['audio/pcm', 'audio/pcmu'],
    ['audio/pcmu', 'audio/pcm'],
    ['', ''],
  ]) {
    await withOpenAi(async ({ open, recorder, service }) => {
      service.isSilent = true;
      open();
      (await service.connected()).send(sessionUpdated(input, output));
      const { error } = await recorder.nth('failed');
      assert.deepEqual([error.code, error.retryable], ['VOICE_FAILED', true]);
      assert.deepEqual(recorder.types, ['failed']);
      open();
      await until(() => service.connections.length === 2, 'the next session');
      const second = service.connections[1] as ServiceConnection;
      const { audio } = (await second.next('session.update'))['session'] as {
        audio: Record<'input' | 'output', { format: unknown }>;
      };
      const linear = { type: 'audio/pcm', rate: 24_000 };
      assert.deepEqual([audio.input.format, audio.output.format], [linear, linear]);
      // There is no third format, and noise is worse than no session.
      second.send(sessionUpdated(input, output));
      assert.equal((await recorder.nth('failed', 2)).error.code, 'VOICE_PROTOCOL');
    });
  }
});

test('caller audio from before the connection is sent after the settings, unchanged and in order', () =>
  withOpenAi(async ({ open, recorder, service, anomalies }) => {
    const session = open();
    const frames = Array.from({ length: 20 }, (_, n) => frame(n));
    for (const chunk of frames) session.sendAudio(chunk);
    await recorder.nth('ready');
    session.sendAudio(frame(99));
    const connection = await service.connected();
    await connection.settled();
    const [settings, ...audio] = connection.received;
    assert.equal(settings?.type, 'session.update');
    assert.deepEqual(
      audio,
      [...frames, frame(99)].map(({ base64 }) => ({ type: 'input_audio_buffer.append', audio: base64 })),
    );
    assert.deepEqual(anomalies, []);
  }));

test('buffered caller audio is bounded, and the oldest is dropped and counted', () =>
  withOpenAi(
    async ({ open, recorder, service, anomalies }) => {
      const session = open();
      for (let n = 0; n < 10; n++) session.sendAudio(frame(n));
      await recorder.nth('ready');
      const connection = await service.connected();
      await connection.settled();
      assert.deepEqual(
        connection.received.slice(1).map((event) => event['audio']),
        [5, 6, 7, 8, 9].map((n) => frame(n).base64),
      );
      assert.deepEqual(anomalies, Array(5).fill('caller-audio-dropped'));
    },
    { limits: { heldAudioMs: 100 } },
  ));

test('the greeting is requested word for word and without tools', () =>
  withOpenAi(async ({ ready }) => {
    const { connection } = await ready({ greeting: 'Good morning, this is Acme.' });
    const create = await connection.next('response.create');
    assert.match(instructionsOf(create), /exactly.*\n\nGood morning, this is Acme\.$/s);
    const response = create['response'] as Record<string, unknown>;
    assert.equal(response['tool_choice'], 'none');
    assert.deepEqual(response['output_modalities'], ['audio']);
    assert.deepEqual(await connection.rest(), []);
  }));

test('an earlier conversation is sent first, then one request for the greeting and the answer', () =>
  withOpenAi(async ({ ready }) => {
    const turns: Turn[] = [
      { speaker: 'assistant', text: 'How can I help?', itemId: 'a1', interrupted: false },
      { speaker: 'caller', text: 'Where is my parcel?', itemId: 'c1', interrupted: false },
    ];
    const { connection } = await ready({
      greeting: 'Sorry, we were cut off.',
      answersLast: true,
      conversation: { turns, isPlaying: false },
    });
    const create = await connection.next('response.create');
    const [, first, second] = connection.received;
    assert.deepEqual(
      [first, second].map((event) => (event?.['item'] as { role?: string } | undefined)?.role),
      ['assistant', 'user'],
    );
    assert.match(instructionsOf(create), /^Be brief\..*Sorry, we were cut off\..*answer the caller's last question/s);
    assert.notEqual((create['response'] as Record<string, unknown>)['tool_choice'], 'none');
    assert.deepEqual(await connection.rest(), []);
  }));

test('a session without a greeting answers the last turn like any other', () =>
  withOpenAi(async ({ ready }) => {
    const turns: Turn[] = [{ speaker: 'caller', text: 'Hello?', itemId: 'c1', interrupted: false }];
    const { connection } = await ready({ answersLast: true, conversation: { turns, isPlaying: false } });
    const create = await connection.next('response.create');
    assert.equal((create['response'] as Record<string, unknown>)['instructions'], undefined);
  }));

test('a response of OpenAI becomes audio and text by item, and ends', () =>
  withOpenAi(async ({ ready, recorder, anomalies }) => {
    const { connection } = await ready({ greeting: 'Hi.' });
    const id = connection.begin(await connection.next('response.create'));
    connection.words(id, 'i1', 'Hi');
    connection.audio(id, 'i1', 200);
    connection.words(id, 'i1', '.');
    connection.endItem(id, 'i1');
    connection.audio(id, 'i2', 100);
    connection.end(id, { status: 'completed', usage: { input_tokens: 9, output_tokens: 4 } });
    await recorder.nth('response-done');
    const [started, , audio] = recorder.events.slice(1);
    assert.deepEqual(started, { type: 'response-started', responseId: id, sayId: undefined });
    assert.equal(audio?.type === 'audio' && audio.chunk.base64, Buffer.alloc(1600, 0x55).toString('base64'));
    assert.equal(audio?.type === 'audio' && audio.chunk.encoding, 'mulaw');
    assert.deepEqual(recorder.types.slice(1), [
      'response-started',
      'assistant-text',
      'audio',
      'assistant-text',
      'item-done',
      'audio',
      'usage',
      'item-done',
      'response-done',
    ]);
    assert.deepEqual(recorder.of('usage')[0], { type: 'usage', inputTokens: 9, outputTokens: 4 });
    assert.equal(recorder.of('response-done')[0]?.status, 'completed');
    assert.deepEqual(anomalies, []);
  }));

test('text that comes after the end of its item replaces the earlier pieces', () =>
  withOpenAi(async ({ ready, recorder }) => {
    const { connection } = await ready({ greeting: 'Hi.' });
    const id = connection.begin(await connection.next('response.create'));
    connection.words(id, 'i1', 'Good ');
    connection.endItem(id, 'i1');
    connection.words(id, 'i1', 'day.');
    connection.end(id);
    await recorder.nth('response-done');
    assert.deepEqual(recorder.of('assistant-text-final')[0], {
      type: 'assistant-text-final',
      responseId: id,
      itemId: 'i1',
      text: 'Good day.',
    });
    assert.equal(recorder.of('item-done').length, 1);
  }));

test("a caller's turn is announced before its text, which may come late and in pieces", () =>
  withOpenAi(async ({ ready, recorder }) => {
    const { connection } = await ready();
    connection.callerSpeaks('c1');
    connection.callerStops('c1');
    const id = connection.begin();
    connection.audio(id, 'i1', 20);
    connection.end(id);
    for (const delta of ['I want', ' a human']) {
      connection.send({ type: 'conversation.item.input_audio_transcription.delta', item_id: 'c1', delta });
    }
    connection.heardAs('c1', 'I want a human. ');
    connection.heardAs('c2', 'Never announced.');
    await recorder.nth('caller-text', 4);
    assert.deepEqual(recorder.types.slice(1), [
      'caller-speech-started',
      'interruption',
      'caller-speech-stopped',
      'caller-turn',
      'response-started',
      'audio',
      'item-done',
      'response-done',
      'caller-text',
      'caller-text',
      'caller-text',
      'caller-turn',
      'caller-text',
    ]);
    assert.deepEqual(
      recorder.of('caller-text').map(({ itemId, text, final }) => [itemId, text, final]),
      [
        ['c1', 'I want', false],
        ['c1', 'I want a human', false],
        ['c1', 'I want a human.', true],
        ['c2', 'Never announced.', true],
      ],
    );
  }));

test('noise is a turn without a text, and a failed transcription is counted', () =>
  withOpenAi(async ({ ready, recorder, anomalies }) => {
    const { connection } = await ready();
    connection.callerStops('c1');
    connection.heardAs('c1', ' ');
    connection.send({
      type: 'conversation.item.input_audio_transcription.failed',
      item_id: 'c1',
      error: { type: 'x', code: 'audio_unintelligible', message: 'm' },
    });
    await connection.settled();
    assert.deepEqual(recorder.of('caller-text'), []);
    assert.equal(recorder.of('caller-turn').length, 1);
    assert.deepEqual(anomalies, ['transcription-failed']);
  }));

test('an interrupted response is silent at once, and the model forgets what was not heard', () =>
  withOpenAi(async ({ ready, recorder, anomalies }) => {
    const { connection, session } = await ready({ greeting: 'A long story.' });
    const id = connection.begin(await connection.next('response.create'));
    connection.audio(id, 'i1', 1000);
    connection.audio(id, 'i2', 500);
    recorder.react = (event) => {
      if (event.type !== 'interruption') return;
      session.reportHeard([
        { itemId: 'i1', heardMs: 480, sentMs: 1000 },
        { itemId: 'i2', heardMs: 0, sentMs: 500 },
        { itemId: 'never', heardMs: 5, sentMs: 10 },
      ]);
    };
    connection.callerSpeaks('c1');
    connection.audio(id, 'i2', 300);
    connection.words(id, 'i2', 'late');
    connection.end(id, { status: 'cancelled', status_details: { type: 'cancelled', reason: 'turn_detected' } });
    assert.equal((await recorder.nth('response-done')).status, 'cancelled');
    assert.equal(recorder.of('audio').length, 2);
    assert.equal(recorder.of('assistant-text').length, 0);
    const cut = await connection.next('conversation.item.truncate');
    assert.deepEqual([cut['item_id'], cut['content_index'], cut['audio_end_ms']], ['i1', 0, 480]);
    const second = await connection.next('conversation.item.truncate');
    assert.deepEqual([second['item_id'], second['audio_end_ms']], ['i2', 0]);
    // The service has ended the response by itself.
    assert.deepEqual(await connection.rest(), []);
    assert.deepEqual(anomalies, []);
  }));

test('unusable messages of the service are counted and ignored', () =>
  withOpenAi(async ({ ready, recorder, anomalies }) => {
    const { connection } = await ready();
    connection.send('{', '[]', { type: 'session.dreamt' }, { type: 'response.created' });
    connection.socket.send(Buffer.from([1, 2, 3]), { binary: true });
    connection.audio('resp_other', 'i1', 20);
    await connection.settled();
    assert.deepEqual(anomalies, [
      'not-json',
      'malformed-event',
      'unknown-event',
      'malformed-event',
      'binary',
      'unknown-response',
    ]);
    assert.deepEqual(recorder.types, ['ready']);
  }));

test('a closed OpenAI session sends and reports nothing, and leaves no timer', () =>
  withOpenAi(async ({ ready, recorder, clock }) => {
    const { connection, session } = await ready();
    session.close();
    session.close();
    session.sendAudio(frame(1));
    session.sendText('x');
    session.say('x', 's1');
    session.cancel();
    session.sendToolResult('c1', 'x');
    session.reportHeard([{ itemId: 'i', heardMs: 0, sentMs: 1 }]);
    await new Promise((resolve) => connection.socket.once('close', resolve));
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(recorder.types, ['ready']);
    assert.equal(clock.timers, 0);
  }));

test('a session that is closed while it connects reports nothing and leaves no timer', () =>
  withOpenAi(async ({ open, recorder, clock }) => {
    open().close();
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(recorder.events, []);
    assert.equal(clock.timers, 0);
  }));

test('an event of OpenAI whose handling throws is lost and counted, and the session continues', () =>
  withOpenAi(async ({ ready, recorder, anomalies }) => {
    const { connection, session } = await ready();
    recorder.react = (event) => {
      if (event.type === 'caller-speech-started') throw new Error('in the owner');
    };
    connection.send(
      { type: 'input_audio_buffer.speech_started', item_id: 'c1', audio_start_ms: 0 },
      { type: 'input_audio_buffer.speech_stopped', item_id: 'c1', audio_end_ms: 300 },
    );
    await recorder.nth('caller-speech-stopped');
    assert.deepEqual(anomalies, ['event-failed']);
    assert.ok(!recorder.types.includes('failed'));
    session.close();
  }));
