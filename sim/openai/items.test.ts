import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SILENCE, sound, startSim } from '../../test/support/openai-sim.js';
import type { RealtimeEvent } from '../../test/support/realtime-client.js';
import { until } from '../../test/support/rig.js';
import { loudnessEar } from '../model/ear.js';
import { callTool, scriptedBrain, speak } from '../model/script.js';

const create = (item: object, fields: object = {}): RealtimeEvent => ({
  type: 'conversation.item.create',
  item,
  ...fields,
});
const user = (text: string, fields: object = {}) => ({
  type: 'message',
  role: 'user',
  content: [{ type: 'input_text', text }],
  ...fields,
});
const truncate = (item_id: string, audio_end_ms: number, content_index = 0): RealtimeEvent => ({
  type: 'conversation.item.truncate',
  item_id,
  content_index,
  audio_end_ms,
});

test('items of every kind are inserted where the client wants them, and the model remembers them in that order', async (t) => {
  const { telephone, sim } = await startSim(t);
  const client = await telephone();
  client.send(create(user('second', { id: 'b' })));
  client.send(
    create(
      { type: 'message', role: 'system', content: [{ type: 'input_text', text: 'first' }], id: 'a' },
      { previous_item_id: 'root' },
    ),
  );
  client.send(
    create({ type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'fourth' }], id: 'd' }),
  );
  client.send(create(user('third', { id: 'c' }), { previous_item_id: 'b' }));
  client.send(create({ type: 'function_call', name: 'look', arguments: '{}', call_id: 'call_1', id: 'e' }));
  client.send(create({ type: 'function_call_output', call_id: 'call_1', output: 'found', id: 'f' }));
  const audio = Buffer.from(await sound(200)).toString('base64');
  client.send(create({ type: 'message', role: 'user', content: [{ type: 'input_audio', audio, transcript: 'last' }] }));
  await client.next('conversation.item.done', 7);
  const added = client
    .of('conversation.item.added')
    .map((event) => [event['previous_item_id'], event['item'].id.slice(0, 4)]);
  assert.deepEqual(added, [
    [null, 'b'],
    [null, 'a'],
    ['b', 'd'],
    ['b', 'c'],
    ['d', 'e'],
    ['e', 'f'],
    ['f', 'item'],
  ]);
  const memory = sim.sessions[0]?.memory ?? [];
  assert.deepEqual(
    memory.map(({ role, text }) => `${role}: ${text}`),
    ['system: first', 'user: second', 'user: third', 'assistant: fourth', 'assistant: {}', 'tool: found', 'user: last'],
  );
  const shown = client.of('conversation.item.done').at(-1)?.['item'].content[0];
  assert.deepEqual(shown, { type: 'input_audio', transcript: 'last' }, 'audio is returned only on request');
  client.send({ type: 'conversation.item.retrieve', item_id: memory[6]?.itemId });
  const retrieved = await client.next('conversation.item.retrieved');
  assert.equal(retrieved['item'].content[0].audio, audio);
  client.send({ type: 'conversation.item.delete', item_id: 'c' });
  assert.equal((await client.next('conversation.item.deleted'))['item_id'], 'c');
  assert.ok(!sim.sessions[0]?.memory.some(({ itemId }) => itemId === 'c'));
  assert.deepEqual(client.of('error'), []);
});

test('invalid items are refused with the service’s codes', async (t) => {
  const { telephone, sim } = await startSim(t);
  const client = await telephone();
  client.send(create(user('hi', { id: 'taken' })));
  const message = (role: string, part: object) => create({ type: 'message', role, content: [part] });
  const refused: [RealtimeEvent, string, string | null][] = [
    [create({}), 'missing_required_parameter', 'item.type'],
    [create({ type: 'mcp_call' }), 'invalid_value', 'item.type'],
    [create({ type: 'message', role: 'tool', content: [] }), 'invalid_value', 'item.role'],
    [create({ type: 'message', role: 'user' }), 'missing_required_parameter', 'item.content'],
    [create(user('x', { mood: 'good' })), 'unknown_parameter', 'item.mood'],
    [create(user('x', { id: 'x'.repeat(33) })), 'string_above_max_length', 'item.id'],
    [create(user('x', { id: 'taken' })), 'item_create_duplicate_item_id', 'item.id'],
    [create(user('x'), { previous_item_id: 'nobody' }), 'item_create_invalid_previous_item_id', 'previous_item_id'],
    [message('system', { type: 'output_text', text: 'x' }), 'invalid_value', 'item.content[0].type'],
    [message('system', { type: 'input_audio', audio: '' }), 'invalid_value', 'item.content[0].type'],
    [message('user', { type: 'output_text', text: 'x' }), 'invalid_value', 'item.content[0].type'],
    [message('user', { type: 'text', text: 'x' }), 'invalid_value', 'item.content[0].type'],
    [message('user', { type: 'input_text' }), 'missing_required_parameter', 'item.content[0].text'],
    [message('assistant', { type: 'output_audio', audio: '' }), 'invalid_value', 'item.content[0].type'],
    [message('assistant', { type: 'text', text: 'x' }), 'invalid_value', 'item.content[0].type'],
    [create({ type: 'function_call_output', call_id: 'call_x', output: '' }), 'invalid_tool_call_id', 'item.call_id'],
    [create({ type: 'function_call_output', call_id: 'call_x', output: {} }), 'invalid_type', 'item.output'],
    [{ type: 'conversation.item.delete', item_id: 'nobody' }, 'item_delete_invalid_item_id', 'item_id'],
    [{ type: 'conversation.item.retrieve', item_id: 'nobody' }, 'item_retrieve_invalid_item_id', 'item_id'],
    [{ type: 'conversation.item.delete' }, 'missing_required_parameter', 'item_id'],
    [truncate('nobody', 5), 'item_truncate_invalid_item_id', 'item_id'],
    [truncate('taken', 5), 'unsupported_content_type', null],
    [truncate('taken', -1), 'integer_below_min_value', 'audio_end_ms'],
    [truncate('taken', 10.5), 'invalid_type', 'audio_end_ms'],
  ];
  for (const [event, code, param] of refused) {
    const error = await client.refusalOf({ event_id: 'mine', ...event });
    assert.deepEqual(
      [error?.['code'], error?.['param'], error?.['event_id']],
      [code, param, 'mine'],
      JSON.stringify(event),
    );
  }
  assert.deepEqual(
    sim.sessions[0]?.memory.map(({ text }) => text),
    ['hi'],
  );
});

test('a truncation beyond the sent audio is refused, and otherwise removes the transcript and keeps the words heard', async (t) => {
  const brain = scriptedBrain([[speak('one two three four five', { durationMs: 2300 })], [callTool('look')]]);
  const { clock, telephone, sim } = await startSim(t, { brain });
  const client = await telephone();
  client.send({ type: 'response.create' });
  const item = (await client.next('response.output_audio.delta'))['item_id'] as string;
  const early = await client.refusalOf(truncate(item, 201));
  assert.deepEqual(
    [early?.['code'], early?.['message']],
    ['invalid_value', 'Audio content of 200ms is already shorter than 201ms'],
  );
  clock.advance(1000);
  await client.next('response.done');
  const late = await client.refusalOf(truncate(item, 2301));
  assert.equal(late?.['message'], 'Audio content of 2300ms is already shorter than 2301ms');
  assert.equal((await client.refusalOf(truncate(item, 100, 1)))?.['code'], 'unsupported_content_type');
  assert.equal(sim.sessions[0]?.memory[0]?.text, 'one two three four five');

  // 23 characters in 2300 ms: "one two" ends at 700 ms, "three" at 1300 ms.
  client.send(truncate(item, 1299));
  const { event_id, ...truncated } = await client.next('conversation.item.truncated');
  assert.match(event_id as string, /^event_/);
  assert.deepEqual(truncated, { ...truncate(item, 1299), type: 'conversation.item.truncated' });
  assert.equal(sim.sessions[0]?.memory[0]?.text, 'one two');
  client.send({ type: 'conversation.item.retrieve', item_id: item });
  const [part] = (await client.next('conversation.item.retrieved'))['item'].content;
  assert.equal(part.transcript, null);
  assert.equal(Buffer.from(part.audio as string, 'base64').length, 1299 * 8);
  assert.equal((await client.refusalOf(truncate(item, 1300)))?.['code'], 'invalid_value', 'it does not grow again');
  assert.equal(await client.refusalOf(truncate(item, 0)), undefined);
  assert.equal(sim.sessions[0]?.memory[0]?.text, '');
  assert.deepEqual(
    sim.sessions[0]?.truncations.map(({ audioEndMs }) => audioEndMs),
    [1299, 0],
  );

  client.send({ type: 'response.create' });
  await until(() => client.of('response.function_call_arguments.delta').length > 0, 'a call');
  clock.advance(100);
  const call = (await client.next('response.done', 2))['response'].output[0].id as string;
  assert.equal((await client.refusalOf(truncate(call, 0)))?.['code'], 'unsupported_content_type');
});

test('an answer that is interrupted before its first output has no items and no sound', async (t) => {
  const { clock, telephone } = await startSim(t, {
    brain: scriptedBrain(['Hello']),
    ear: loudnessEar(),
    pacing: { firstOutputMs: 400 },
  });
  const client = await telephone({ audio: { input: { turn_detection: { type: 'server_vad' } } } });
  client.send({ type: 'response.create' });
  await client.next('response.created');
  client.speak(await sound(200));
  const response = (await client.next('response.done'))['response'];
  assert.deepEqual([response.status, response.output], ['cancelled', []]);
  clock.advance(1000);
  client.speak(SILENCE);
  await client.next('response.done', 1);
  assert.equal(client.of('response.output_audio.delta').length, 0);
});

test('an item without sound yet cannot be truncated', async (t) => {
  const { clock, telephone } = await startSim(t, { brain: scriptedBrain(['Hello']), pacing: { firstSoundMs: 50 } });
  const client = await telephone();
  client.send({ type: 'response.create' });
  const itemId = (await client.next('response.output_item.added'))['item'].id as string;
  assert.equal((await client.refusalOf(truncate(itemId, 0)))?.['code'], 'unsupported_content_type');
  clock.advance(50);
  await client.next('response.output_audio.delta');
  assert.equal(await client.refusalOf(truncate(itemId, 0)), undefined);
});
