import assert from 'node:assert/strict';
import { test } from 'node:test';
import { failure, withOpenAi } from '../../../test/support/openai-rig.js';

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
