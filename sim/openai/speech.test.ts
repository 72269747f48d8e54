import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SILENCE, startSim } from '../../test/support/openai-sim.js';
import { openSpeechEngine } from '../../src/speech/engine.js';
import { speechEar } from '../model/ear.js';
import { speechVoice } from '../model/voice.js';

test('with the speech engine a spoken question is understood, and so is the spoken answer', async (t) => {
  const engine = await openSpeechEngine();
  t.after(() => engine.close());
  const { telephone, sim } = await startSim(t, {
    ear: speechEar(engine),
    voice: speechVoice(engine),
    pacing: { speed: Infinity },
  });
  const client = await telephone({
    audio: { input: { turn_detection: { type: 'server_vad' }, transcription: { model: 'gpt-transcribe' } } },
  });
  client.speak(SILENCE);
  client.speak(await engine.synthesize('What are your opening hours?'));
  client.speak(SILENCE);
  await client.next('response.done');
  const [question, answer] = sim.sessions[0]?.memory ?? [];
  assert.match(question?.text ?? '', /opening hours/i);
  assert.match(answer?.text ?? '', /nine in the morning/);
  const told = await client.next('conversation.item.input_audio_transcription.completed');
  assert.equal(told['transcript'], question?.text);
  const audio = client.of('response.output_audio.delta').map(({ delta }) => Buffer.from(delta as string, 'base64'));
  assert.match(await engine.transcribe(Buffer.concat(audio)), /Monday to Friday/i);

  client.speak(SILENCE);
  client.send({ type: 'session.update', session: { type: 'realtime', audio: { input: { turn_detection: null } } } });
  client.speak(await engine.synthesize('Goodbye.'));
  client.send({ type: 'input_audio_buffer.commit' });
  client.send({ type: 'response.create' });
  await client.next('response.done', 2);
  assert.match(sim.sessions[0]?.memory.at(-1)?.text ?? '', /Thank you for calling/);
});
