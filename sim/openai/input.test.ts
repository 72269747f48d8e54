import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SILENCE, sound, startSim } from '../../test/support/openai-sim.js';
import type { RealtimeClient } from '../../test/support/realtime-client.js';
import { until } from '../../test/support/rig.js';
import { loudnessEar } from '../model/ear.js';
import { type Turn, scriptedBrain, speak } from '../model/script.js';

const VAD = { type: 'server_vad', threshold: 0.5, prefix_padding_ms: 300, silence_duration_ms: 500 };
const transcription = { model: 'gpt-transcribe' };
const quick = { speed: Infinity };

/** Sends a second of silence, 600 ms of speech, and a second of silence. */
async function sayOnce(client: RealtimeClient): Promise<void> {
  client.speak(SILENCE);
  client.speak(await sound(600));
  client.speak(SILENCE);
}

test('a turn detected by the server sends its events in the documented order, with positions in the audio and linked items', async (t) => {
  const { telephone } = await startSim(t, {
    ear: loudnessEar({ texts: ['Hi there'] }),
    brain: scriptedBrain(['Yes.']),
    pacing: quick,
  });
  const client = await telephone({ audio: { input: { turn_detection: VAD, transcription } } });
  client.send({ type: 'conversation.item.create', item: { id: 'sys', type: 'message', role: 'system', content: [] } });
  await sayOnce(client);
  await client.next('response.done');
  const from = client.types().indexOf('input_audio_buffer.speech_started');
  assert.deepEqual(client.types().slice(from, from + 9), [
    'input_audio_buffer.speech_started',
    'input_audio_buffer.speech_stopped',
    'input_audio_buffer.committed',
    'conversation.item.added',
    'conversation.item.done',
    'response.created',
    'rate_limits.updated',
    'conversation.item.input_audio_transcription.delta',
    'conversation.item.input_audio_transcription.delta',
  ]);
  const [started, stopped, committed] = client.events.slice(from);
  assert.equal(started?.['audio_start_ms'], 1000 - 300, 'the reported start includes the padding');
  assert.equal(stopped?.['audio_end_ms'], 1600 + 500, 'the reported end includes the silence');
  const itemId = started?.['item_id'] as string;
  assert.equal(stopped?.['item_id'], itemId);
  assert.deepEqual([committed?.['item_id'], committed?.['previous_item_id']], [itemId, 'sys']);
  const item = (await client.next('conversation.item.done', 2))['item'];
  assert.deepEqual(item, {
    id: itemId,
    object: 'realtime.item',
    type: 'message',
    status: 'completed',
    role: 'user',
    content: [{ type: 'input_audio', transcript: null }],
  });
  const told = await client.next('conversation.item.input_audio_transcription.completed');
  assert.deepEqual([told['item_id'], told['content_index'], told['transcript']], [itemId, 0, 'Hi there']);
  assert.equal(told['usage'].type, 'duration');
  const deltas = client.of('conversation.item.input_audio_transcription.delta').map(({ delta }) => delta as string);
  assert.equal(deltas.join(''), 'Hi there');
});

test('a transcript is billed by its length or in tokens, by the model that wrote it', async (t) => {
  for (const [model, type] of [
    ['whisper-1', 'duration'],
    ['gpt-transcribe', 'duration'],
    ['gpt-live-transcribe', 'duration'],
    ['gpt-4o-transcribe', 'tokens'],
    ['gpt-4o-mini-transcribe', 'tokens'],
  ] as const) {
    const { telephone } = await startSim(t, { ear: loudnessEar({ texts: ['Hi'] }), pacing: quick });
    const client = await telephone({ audio: { input: { turn_detection: VAD, transcription: { model } } } });
    await sayOnce(client);
    const { usage } = await client.next('conversation.item.input_audio_transcription.completed');
    assert.equal(usage.type, type, model);
    assert.equal(type === 'duration' ? usage.seconds > 0.5 : usage.input_tokens > 0, true, model);
  }
});

test('a turn ends after the silence_duration_ms that was set', async (t) => {
  const { telephone } = await startSim(t);
  const client = await telephone({ audio: { input: { turn_detection: { ...VAD, silence_duration_ms: 1200 } } } });
  await sayOnce(client);
  await client.settled();
  assert.equal(client.of('input_audio_buffer.speech_stopped').length, 0);
  client.speak(SILENCE);
  const stopped = await client.next('input_audio_buffer.speech_stopped');
  assert.equal(stopped['audio_end_ms'], 1600 + 1200);
});

test('without create_response the model does not answer, and without interrupt_response it is not interrupted', async (t) => {
  const { clock, telephone } = await startSim(t, { brain: scriptedBrain([[speak('', { durationMs: 9000 })]]) });
  const turns = { ...VAD, create_response: false, interrupt_response: false };
  const client = await telephone({ audio: { input: { turn_detection: turns } } });
  client.send({ type: 'response.create' });
  await client.next('response.output_audio.delta');
  await sayOnce(client);
  await client.settled();
  assert.equal(client.of('response.created').length, 1);
  assert.equal(client.of('response.done').length, 0);
  assert.deepEqual(client.of('error'), []);
  client.send({
    type: 'session.update',
    session: { type: 'realtime', audio: { input: { turn_detection: { ...turns, create_response: true } } } },
  });
  await sayOnce(client);
  await client.settled();
  assert.equal(client.of('error')[0]?.['error'].code, 'conversation_already_has_active_response');
  clock.advance(2000);
  await client.next('response.done');
});

test('semantic turn detection detects turns too', async (t) => {
  const { telephone } = await startSim(t);
  const client = await telephone({ audio: { input: { turn_detection: { type: 'semantic_vad', eagerness: 'high' } } } });
  await sayOnce(client);
  await client.next('response.created');
});

test('a client that detects turns itself commits the buffer and requests the answer', async (t) => {
  const { telephone, sim } = await startSim(t, {
    ear: loudnessEar({ texts: ['all of it'] }),
    brain: scriptedBrain(['Yes.']),
    pacing: quick,
  });
  const client = await telephone({ audio: { input: { transcription } } });
  const empty = await client.refusalOf({ type: 'input_audio_buffer.commit' });
  assert.equal(empty?.['code'], 'input_audio_buffer_commit_empty');
  assert.match(empty?.['message'], /Expected at least 100ms of audio, but buffer only has 0.00ms of audio/);
  await sayOnce(client);
  assert.equal(client.of('input_audio_buffer.speech_started').length, 0);
  client.send({ type: 'input_audio_buffer.commit' });
  await client.next('input_audio_buffer.committed');
  const told = await client.next('conversation.item.input_audio_transcription.completed');
  assert.equal(told['transcript'], 'all of it');
  assert.equal(client.of('response.created').length, 0);
  assert.equal(
    (await client.refusalOf({ type: 'input_audio_buffer.commit' }))?.['code'],
    'input_audio_buffer_commit_empty',
  );
  client.speak(SILENCE);
  await client.settled();
  assert.equal(
    (await client.refusalOf({ type: 'input_audio_buffer.commit' }))?.['code'],
    'input_audio_buffer_commit_empty',
    'cleared',
  );
  assert.equal(sim.sessions[0]?.callerAudio.length, 8 * 3600);
});

test('invalid audio is refused, and the session continues', async (t) => {
  const { telephone, sim } = await startSim(t);
  const client = await telephone();
  const append = (audio: unknown) => client.refusalOf({ type: 'input_audio_buffer.append', event_id: 'a', audio });
  for (const audio of ['*', 'abc', 'ab=c', '_-__'])
    assert.equal((await append(audio))?.['code'], 'invalid_value', audio);
  assert.equal((await append(5))?.['code'], 'invalid_type');
  assert.equal((await client.refusalOf({ type: 'input_audio_buffer.append' }))?.['code'], 'missing_required_parameter');
  assert.equal(await append(''), undefined);
  assert.equal((await append('A'.repeat(21_000_000)))?.['code'], 'string_above_max_length');
  assert.equal(await append('A'.repeat(4_000_000)), undefined);
  client.send({
    type: 'session.update',
    session: { type: 'realtime', audio: { input: { format: { type: 'audio/pcm', rate: 24_000 } } } },
  });
  assert.equal((await append(Buffer.alloc(3).toString('base64')))?.['code'], 'invalid_value', 'half a sample');
  assert.equal(await append(Buffer.alloc(4).toString('base64')), undefined);
  assert.equal(sim.sessions[0]?.errors.length, 8);
});

test('turn detection hears PCM at 24 kHz and A-law like mu-law', async (t) => {
  const { telephone } = await startSim(t);
  for (const [format, bytesPerMs] of [
    [{ type: 'audio/pcm', rate: 24_000 }, 48],
    [{ type: 'audio/pcma' }, 8],
  ] as const) {
    const client = await telephone({ audio: { input: { format, turn_detection: VAD } } });
    const loud = Buffer.alloc(600 * bytesPerMs);
    for (let n = 0; n < loud.length; n++)
      loud[n] = bytesPerMs === 8 ? (n % 16 < 8 ? 0x2a : 0xaa) : n % 2 === 0 ? 0 : n % 96 < 48 ? 0x20 : 0xe0;
    const quiet = Buffer.alloc(1000 * bytesPerMs, bytesPerMs === 8 ? 0xd5 : 0);
    for (const audio of [quiet, loud, quiet])
      client.send({ type: 'input_audio_buffer.append', audio: audio.toString('base64') });
    const stopped = await client.next('input_audio_buffer.speech_stopped');
    assert.equal(stopped['audio_end_ms'], 2100);
  }
});

test('transcripts arrive late, after the answer, or not at all, as configured', async (t) => {
  const ear = loudnessEar({ texts: ['Hi'] });
  const brain = scriptedBrain(['Yes.']);
  const done = 'conversation.item.input_audio_transcription.completed';
  const session = { audio: { input: { turn_detection: VAD, transcription } } };

  const late = await startSim(t, { ear, brain, pacing: quick, transcription: { delayMs: 700 } });
  const lateClient = await late.telephone(session);
  await sayOnce(lateClient);
  await lateClient.next('response.done');
  late.clock.advance(699);
  await lateClient.settled();
  assert.equal(lateClient.of(done).length, 0);
  late.clock.advance(1);
  await lateClient.next(done);

  const after = await startSim(t, { ear, brain, pacing: quick, transcription: { afterResponse: true } });
  const afterClient = await after.telephone(session);
  await sayOnce(afterClient);
  await afterClient.next(done);
  assert.ok(afterClient.types().indexOf('response.done') < afterClient.types().indexOf(done));

  const failing = await startSim(t, { ear, brain, pacing: quick, transcription: { fails: true } });
  const failingClient = await failing.telephone(session);
  await sayOnce(failingClient);
  const failed = await failingClient.next('conversation.item.input_audio_transcription.failed');
  assert.equal(failed['error'].code, 'audio_unintelligible');
  assert.equal(failing.sim.sessions[0]?.memory[0]?.text, 'Hi', 'the model itself hears without transcription');

  const off = await startSim(t, { ear, brain, pacing: quick });
  const offClient = await off.telephone({ audio: { input: { turn_detection: VAD } } });
  await sayOnce(offClient);
  await offClient.next('response.done');
  assert.equal(offClient.types().filter((type) => type.includes('transcription')).length, 0);
});

test('the model speaks again when the caller is silent for idle_timeout_ms after the end of the sound', async (t) => {
  const turns: Turn[] = [];
  const { clock, telephone } = await startSim(t, {
    brain: () => ({
      decide: (turn) => {
        turns.push(turn);
        return [speak('', { durationMs: 2000 })];
      },
    }),
  });
  const client = await telephone({ audio: { input: { turn_detection: { ...VAD, idle_timeout_ms: 5000 } } } });
  client.speak(SILENCE);
  client.send({ type: 'response.create' });
  await client.next('response.output_audio.delta');
  clock.advance(400);
  await client.next('response.done');
  clock.advance(6599);
  await client.settled();
  assert.equal(client.of('input_audio_buffer.timeout_triggered').length, 0);
  clock.advance(1);
  const fired = await client.next('input_audio_buffer.timeout_triggered');
  assert.deepEqual([fired['audio_start_ms'], fired['audio_end_ms']], [1000, 1000]);
  assert.equal((await client.next('input_audio_buffer.committed'))['item_id'], fired['item_id']);
  await client.next('response.created', 2);
  await until(() => turns.length === 2, 'the model is asked');
  client.speak(await sound(600));
  await client.next('response.done', 2);
  clock.advance(60_000);
  await client.settled();
  assert.equal(client.of('input_audio_buffer.timeout_triggered').length, 1, 'not while the caller speaks');
  client.speak(SILENCE);
  await client.next('response.created', 3);
  await until(() => turns.length === 3, 'the model is asked again');
  clock.advance(400);
  await client.next('response.done', 3);
  client.speak(await sound(600));
  await client.next('input_audio_buffer.speech_started', 2);
  clock.advance(60_000);
  await client.settled();
  assert.equal(client.of('input_audio_buffer.timeout_triggered').length, 1, 'not when the caller speaks in time');
});
