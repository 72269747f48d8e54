import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sound, startSim } from '../../test/support/openai-sim.js';
import { until } from '../../test/support/rig.js';
import { type Act, type Situation, type Turn, callTool, scriptedBrain, speak, wait } from '../model/script.js';

const quick = { speed: Infinity };
const typed = (text: string) => ({
  type: 'conversation.item.create',
  item: { type: 'message', role: 'user', content: [{ type: 'input_text', text }] },
});

/** A brain that answers with `acts` and records what it was asked. */
function listening(acts: readonly Act[] = [speak('Yes.')]) {
  const asked: { turn: Turn; situation: Situation }[] = [];
  return {
    asked,
    brain: () => ({
      decide: (turn: Turn, situation: Situation) => {
        asked.push({ turn, situation: { ...situation, history: [...situation.history] } });
        return acts;
      },
    }),
  };
}

test('a spoken answer sends every event in order with its ids and indexes, and its transcript runs ahead of the sound', async (t) => {
  const { clock, telephone } = await startSim(t, { brain: scriptedBrain([[speak('one two', { durationMs: 700 })]]) });
  const client = await telephone();
  const from = client.events.length;
  client.send({ type: 'response.create' });
  await client.next('response.output_audio.delta');
  clock.advance(139);
  await client.next('response.output_audio.delta', 4);
  assert.equal(client.of('response.output_audio.done').length, 0);
  clock.advance(1);
  const done = (await client.next('response.done'))['response'];
  const events = client.events.slice(from);
  assert.deepEqual(
    events.map(({ type }) => type),
    [
      'response.created',
      'rate_limits.updated',
      'response.output_item.added',
      'conversation.item.added',
      'response.content_part.added',
      'response.output_audio_transcript.delta',
      'response.output_audio_transcript.delta',
      'response.output_audio.delta',
      'response.output_audio.delta',
      'response.output_audio.delta',
      'response.output_audio.delta',
      'response.output_audio.done',
      'response.output_audio_transcript.done',
      'response.content_part.done',
      'conversation.item.done',
      'response.output_item.done',
      'response.done',
    ],
  );
  const created = events[0]?.['response'];
  assert.deepEqual([created.status, created.output, created.usage], ['in_progress', [], null]);
  assert.deepEqual(created.audio, { output: { format: { type: 'audio/pcmu' }, voice: 'marin' } });
  const itemId = done.output[0].id as string;
  for (const event of events.filter(({ type }) => type.includes('output_audio'))) {
    const { response_id, item_id, output_index, content_index } = event;
    assert.deepEqual([response_id, item_id, output_index, content_index], [done.id, itemId, 0, 0], event.type);
  }
  const audio = client.of('response.output_audio.delta').map(({ delta }) => Buffer.from(delta as string, 'base64'));
  assert.deepEqual(
    audio.map(({ length }) => length / 8),
    [200, 200, 200, 100],
  );
  assert.deepEqual(Buffer.concat(audio), Buffer.from(await sound(700)));
  assert.equal(events[3]?.['item'].content.length, 0, 'an item begins without content');
  assert.deepEqual(done.output[0].content, [{ type: 'output_audio', transcript: 'one two' }]);
  assert.equal(done.conversation_id.slice(0, 5), 'conv_');
  assert.equal(new Set(client.events.map(({ event_id }) => event_id as string)).size, client.events.length);
});

test('pacing sets the sizes of the deltas, their speed and the delay before the first one', async (t) => {
  const brain = scriptedBrain([[speak('', { durationMs: 1000 })]]);
  const { clock, telephone } = await startSim(t, {
    brain,
    pacing: { deltaMs: [100, 300], speed: 2, firstOutputMs: 500 },
  });
  const client = await telephone();
  client.send({ type: 'response.create' });
  await client.next('rate_limits.updated');
  await until(() => clock.timers > 1, 'the pause before the first output');
  const sizes = () =>
    client.of('response.output_audio.delta').map(({ delta }) => Buffer.from(delta as string, 'base64').length / 8);
  clock.advance(499);
  await client.settled();
  assert.deepEqual(sizes(), []);
  clock.advance(1);
  await client.settled();
  assert.deepEqual(sizes(), [100]);
  clock.advance(50 + 149);
  await client.settled();
  assert.deepEqual(sizes(), [100, 300]);
  clock.advance(1 + 50 + 150 + 100);
  await client.next('response.done');
  assert.deepEqual(sizes(), [100, 300, 100, 300, 100, 100]);
});

test('several spoken messages in one response are separate items with phases', async (t) => {
  const brain = scriptedBrain([[speak('Let me see.'), wait(50), speak('It is there.')]]);
  const { clock, telephone, sim } = await startSim(t, { brain, pacing: quick });
  const client = await telephone();
  client.send({ type: 'response.create' });
  await client.next('response.output_item.done');
  clock.advance(50);
  const { output } = (await client.next('response.done'))['response'];
  assert.deepEqual(
    output.map(({ phase }: { phase: string }) => phase),
    ['commentary', 'final_answer'],
  );
  const second = client.of('response.output_item.added')[1];
  assert.deepEqual([second?.['output_index'], second?.['item'].id], [1, output[1].id]);
  assert.equal(client.of('conversation.item.added')[1]?.['previous_item_id'], output[0].id);
  assert.equal(sim.sessions[0]?.memory.length, 2);
});

test('a function call is sent in order, and its result leads to an answer', async (t) => {
  const { asked, brain } = listening([callTool('order_status', { number: '4711' })]);
  const tools = [{ type: 'function', name: 'order_status', description: 'd', parameters: { type: 'object' } }];
  const { telephone } = await startSim(t, { brain, pacing: quick });
  const client = await telephone({ tools, instructions: 'Help.' });
  client.send(typed('where is 4711'));
  client.send({ type: 'response.create' });
  const { item, response_id } = await client.next('response.output_item.done');
  assert.equal(item.type, 'function_call');
  assert.equal(item.status, 'completed');
  assert.deepEqual([item.name, JSON.parse(item.arguments as string)], ['order_status', { number: '4711' }]);
  const done = await client.next('response.function_call_arguments.done');
  assert.deepEqual(
    [done['call_id'], done['name'], done['arguments'], done['response_id']],
    [item.call_id, item.name, item.arguments, response_id],
  );
  const deltas = client.of('response.function_call_arguments.delta').map(({ delta }) => delta as string);
  assert.ok(deltas.length > 1);
  assert.equal(deltas.join(''), item.arguments);
  await client.next('response.done');
  client.send({
    type: 'conversation.item.create',
    item: { type: 'function_call_output', call_id: item.call_id, output: '{"status":"sent"}' },
  });
  client.send({ type: 'response.create' });
  await client.next('response.done', 2);
  client.send({ type: 'response.create' });
  await client.next('response.done', 3);
  assert.deepEqual(
    asked.map(({ turn }) => turn),
    [
      { type: 'typed', text: 'where is 4711' },
      { type: 'tool-result', name: 'order_status', output: '{"status":"sent"}' },
      { type: 'asked', instructions: '' },
    ],
  );
  assert.deepEqual(asked[0]?.situation.tools, [
    { name: 'order_status', description: 'd', parameters: { type: 'object' } },
  ]);
  assert.equal(asked[0]?.situation.instructions, 'Help.');
});

test('an interrupted function call is reported as done with the status incomplete', async (t) => {
  const { clock, telephone } = await startSim(t, {
    brain: scriptedBrain([[callTool('look', { where: 'everywhere at once' })]]),
  });
  const client = await telephone({ audio: { input: { turn_detection: { type: 'server_vad' } } } });
  client.send({ type: 'response.create' });
  await client.next('response.function_call_arguments.delta');
  clock.advance(5);
  client.speak(await sound(100));
  const { item } = await client.next('response.output_item.done');
  assert.deepEqual([item.type, item.status], ['function_call', 'incomplete']);
  assert.ok(item.arguments.length < JSON.stringify({ where: 'everywhere at once' }).length);
  assert.equal((await client.next('response.done'))['response'].status, 'cancelled');
});

test('a conversation has one response at a time, and a cancel without one is refused', async (t) => {
  const { clock, telephone } = await startSim(t, { brain: scriptedBrain(['A long answer.', 'Outside.', 'Next.']) });
  const client = await telephone();
  const cancel = (fields: object = {}) => client.refusalOf({ type: 'response.cancel', event_id: 'c', ...fields });
  assert.deepEqual([(await cancel())?.['code'], (await cancel())?.['event_id']], ['response_cancel_not_active', 'c']);
  client.send({ type: 'response.create' });
  const id = (await client.next('response.created'))['response'].id as string;
  await client.next('response.output_audio.delta');
  const second = await client.refusalOf({ type: 'response.create' });
  assert.equal(second?.['code'], 'conversation_already_has_active_response');
  assert.match(second?.['message'], new RegExp(`in progress: ${id}\\. Wait until the response is finished`));

  client.send({ type: 'response.create', response: { conversation: 'none', input: [], metadata: { topic: 'x' } } });
  const outside = (await client.next('response.created', 2))['response'];
  assert.deepEqual([outside.conversation_id, outside.metadata], [null, { topic: 'x' }]);
  await until(
    () => client.of('response.output_audio.delta').some((event) => event['response_id'] === outside.id),
    'both speak',
  );
  assert.equal(await cancel({ response_id: outside.id }), undefined);
  assert.equal((await cancel({ response_id: outside.id }))?.['code'], 'response_cancel_not_active');
  assert.equal(await cancel(), undefined);
  const done = client.of('response.done').map(({ response }) => response as { id: string; status_details: object });
  assert.deepEqual(
    done.map((response) => response.id),
    [outside.id, id],
  );
  assert.deepEqual(done[1]?.status_details, { type: 'cancelled', reason: 'client_cancelled' });
  clock.advance(10_000);
  await client.settled();
  assert.equal(client.events.at(-2)?.type, 'input_audio_buffer.cleared', 'nothing comes after the end');
});

test('a response outside of the conversation does not change it, and reads the items it is passed', async (t) => {
  const { asked, brain } = listening();
  const { telephone, sim } = await startSim(t, { brain, pacing: quick });
  const client = await telephone();
  client.send({ ...typed('one'), item: { ...typed('one').item, id: 'one' } });
  const input = [{ type: 'item_reference', id: 'one' }, typed('two').item];
  client.send({ type: 'response.create', response: { conversation: 'none', input } });
  await client.next('response.done');
  assert.equal(sim.sessions[0]?.memory.length, 1);
  assert.equal(client.of('conversation.item.added').length, 1);
  assert.deepEqual(asked[0]?.turn, { type: 'typed', text: 'two' });
  assert.deepEqual(
    asked[0]?.situation.history.map(({ text }) => text),
    ['one', 'two'],
  );
  const unknown = [{ type: 'item_reference', id: 'nobody' }];
  const error = await client.refusalOf({ type: 'response.create', response: { input: unknown } });
  assert.equal(error?.['code'], 'item_retrieve_invalid_item_id');
});

test('response.create can set the instructions, modality, format, voice and tools', async (t) => {
  const { asked, brain } = listening([speak('Plain words.')]);
  const { telephone } = await startSim(t, { brain, pacing: quick });
  const tools = [
    { type: 'function', name: 'one' },
    { type: 'function', name: 'two' },
  ];
  const client = await telephone({ tools });
  client.send({
    type: 'response.create',
    response: { output_modalities: ['text'], tool_choice: { type: 'function', name: 'two' } },
  });
  const text = (await client.next('response.done'))['response'];
  assert.deepEqual(text.output[0].content, [{ type: 'output_text', text: 'Plain words.' }]);
  assert.equal(
    client
      .of('response.output_text.delta')
      .map(({ delta }) => delta as string)
      .join(''),
    'Plain words.',
  );
  assert.equal((await client.next('response.output_text.done'))['text'], 'Plain words.');
  assert.deepEqual(client.of('response.content_part.added')[0]?.['part'], { type: 'text', text: '' });
  assert.deepEqual(
    asked[0]?.situation.tools.map(({ name }) => name),
    ['two'],
  );

  const output = { format: { type: 'audio/pcm', rate: 24_000 }, voice: 'ash' };
  client.send({ type: 'response.create', response: { audio: { output }, tool_choice: 'none', instructions: 'Hum.' } });
  const spoken = (await client.next('response.done', 2))['response'];
  assert.deepEqual(spoken.audio.output, output);
  const pcm = client
    .of('response.output_audio.delta')
    .map(({ delta }) => Buffer.from(delta as string, 'base64').length);
  assert.equal(
    pcm.reduce((sum, length) => sum + length, 0),
    'Plain words.'.length * 65 * 48,
  );
  assert.deepEqual(asked[1]?.turn, { type: 'asked', instructions: 'Hum.' });
  assert.deepEqual(asked[1]?.situation.tools, []);
});

test('response.create is checked field by field', async (t) => {
  const { telephone } = await startSim(t);
  const client = await telephone();
  const refused: [object, string, string][] = [
    [{ modalities: ['audio'] }, 'unknown_parameter', 'response.modalities'],
    [{ conversation: 'other' }, 'invalid_value', 'response.conversation'],
    [{ output_modalities: ['text', 'audio'] }, 'array_above_max_length', 'response.output_modalities'],
    [{ metadata: { a: 5 } }, 'invalid_type', 'response.metadata.a'],
    [{ metadata: { a: 'x'.repeat(513) } }, 'string_above_max_length', 'response.metadata.a'],
    [
      { metadata: Object.fromEntries(Array.from({ length: 17 }, (_, n) => [n, ''])) },
      'invalid_value',
      'response.metadata',
    ],
    [{ max_output_tokens: 5000 }, 'integer_above_max_value', 'response.max_output_tokens'],
    [{ audio: { output: { speed: 1 } } }, 'unknown_parameter', 'response.audio.output.speed'],
    [
      { input: [{ type: 'message', role: 'assistant', content: [{ type: 'output_audio' }] }] },
      'invalid_value',
      'response.input[0].content[0].type',
    ],
  ];
  for (const [response, code, param] of refused) {
    const error = await client.refusalOf({ type: 'response.create', response });
    assert.deepEqual([error?.['code'], error?.['param']], [code, param], JSON.stringify(response));
  }
  assert.equal(client.of('response.created').length, 0);
});

test('an answer above the maximum length ends as incomplete', async (t) => {
  const { telephone } = await startSim(t, {
    brain: scriptedBrain([[speak('a b c d e f g', { durationMs: 4000 })]]),
    pacing: quick,
  });
  const client = await telephone();
  client.send({ type: 'response.create', response: { max_output_tokens: 40 } });
  const response = (await client.next('response.done'))['response'];
  assert.deepEqual(response.status_details, { type: 'incomplete', reason: 'max_output_tokens' });
  assert.equal(response.output[0].status, 'incomplete');
});

test('usage counts the whole conversation for each response, and counts what was read before as cached', async (t) => {
  const { telephone } = await startSim(t, {
    brain: scriptedBrain([[speak('abcdefgh', { durationMs: 1000 })], [speak('ok', { durationMs: 100 })]]),
    pacing: quick,
  });
  const client = await telephone({ instructions: 'x'.repeat(40) });
  client.send(typed('y'.repeat(20)));
  client.send({ type: 'response.create' });
  const first = (await client.next('response.done'))['response'].usage;
  assert.deepEqual(first, {
    total_tokens: 37,
    input_tokens: 15,
    output_tokens: 22,
    input_token_details: {
      text_tokens: 15,
      audio_tokens: 0,
      image_tokens: 0,
      cached_tokens: 0,
      cached_tokens_details: { text_tokens: 0, audio_tokens: 0, image_tokens: 0 },
    },
    output_token_details: { text_tokens: 2, audio_tokens: 20 },
  });
  const audio = Buffer.from(await sound(280)).toString('base64');
  client.send({
    type: 'conversation.item.create',
    item: { type: 'message', role: 'user', content: [{ type: 'input_audio', audio }] },
  });
  client.send({ type: 'response.create' });
  const second = (await client.next('response.done', 2))['response'].usage;
  assert.deepEqual([second.input_token_details.text_tokens, second.input_token_details.audio_tokens], [15, 20 + 3]);
  assert.equal(second.input_token_details.cached_tokens, 15);
});
