import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SILENCE, sound, startSim } from '../../test/support/openai-sim.js';
import { until } from '../../test/support/rig.js';
import { loudnessEar } from '../model/ear.js';
import { scriptedBrain, speak } from '../model/script.js';

const serverVad = { type: 'server_vad', silence_duration_ms: 500, prefix_padding_ms: 300 };

test('in a whole call the model greets, answers a turn, is interrupted, and forgets words that were not heard', async (t) => {
  const brain = scriptedBrain(['Hello there.', [speak('one two three four five', { durationMs: 5000 })], 'Yes?']);
  const ear = loudnessEar({ texts: ['Hi', 'wait'] });
  const { clock, sim, telephone } = await startSim(t, { brain, ear });
  const client = await telephone({
    audio: { input: { turn_detection: serverVad, transcription: { model: 'gpt-transcribe' } } },
  });
  client.send({ type: 'response.create', response: { instructions: 'Greet.', metadata: { kind: 'greeting' } } });
  await client.next('response.output_audio.delta');
  clock.advance(5000);
  const greeting = (await client.next('response.done'))['response'];
  assert.equal(greeting.status, 'completed');
  assert.deepEqual(greeting.metadata, { kind: 'greeting' });
  assert.equal(greeting.output[0].content[0].transcript, 'Hello there.');

  client.speak(await sound(600));
  client.speak(SILENCE);
  const answer = (await client.next('response.created', 2))['response'].id as string;
  const deltas = () => client.of('response.output_audio.delta').filter((event) => event['response_id'] === answer);
  await until(() => deltas().length === 1, 'the answer begins');
  clock.advance(100);
  await until(() => deltas().length === 3, 'three deltas in 100 ms at five times real time');
  await client.next('conversation.item.input_audio_transcription.completed');
  const item = deltas()[0]?.['item_id'] as string;

  client.speak(await sound(400));
  const cut = await client.next('response.done', 2);
  assert.deepEqual(cut['response'].status_details, { type: 'cancelled', reason: 'turn_detected' });
  client.send({ type: 'conversation.item.truncate', item_id: item, content_index: 0, audio_end_ms: 480 });
  await client.next('conversation.item.truncated');
  client.speak(SILENCE);
  const last = (await client.next('response.created', 3))['response'].id as string;
  await until(() => client.of('response.output_audio.delta').some((event) => event['response_id'] === last), 'answers');
  clock.advance(5000);
  await client.next('response.done', 3);
  const session = sim.sessions[0];
  assert.deepEqual(
    session?.memory.map(({ role, text }) => `${role}: ${text}`),
    ['assistant: Hello there.', 'user: Hi', 'assistant: ', 'user: wait', 'assistant: Yes?'],
  );
  assert.deepEqual(session?.truncations, [{ itemId: item, audioEndMs: 480 }]);
  assert.deepEqual(session?.errors, []);
});
