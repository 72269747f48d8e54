import { RealtimeAgent, RealtimeSession, type TransportEvent, tool } from '@openai/agents-realtime';
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { test } from 'node:test';
import OpenAI from 'openai';
import { OpenAIRealtimeWS } from 'openai/realtime/ws';
import type { RealtimeServerEvent } from 'openai/resources/realtime/realtime';
import { SILENCE, sound, startSim } from '../../test/support/openai-sim.js';
import { until } from '../../test/support/rig.js';
import { mulawToPcm } from '../../src/audio/g711.js';
import { loudnessEar } from '../model/ear.js';
import { callTool, scriptedBrain, speak } from '../model/script.js';
import { encodeAudio } from './audio-codec.js';

/** The same conversation for every client, with a greeting, a spoken turn with a tool, and an interrupted answer. */
const SCRIPT = {
  ear: () => loudnessEar({ texts: ['Where is my order?', 'stop'] }),
  brain: scriptedBrain([
    [speak('Hello.', { durationMs: 400 })],
    [callTool('order_status', { number: '4711' })],
    [speak('Your order is on its way to you.', { durationMs: 6000 })],
    [speak('All right.', { durationMs: 400 })],
  ]),
};
const REMEMBERED = ['Hello.', 'Where is my order?', '{"number":"4711"}', 'sent', '', 'stop', 'All right.'];

test('the official OpenAI client completes a conversation with a greeting, a tool call and an interruption', async (t) => {
  const { clock, sim } = await startSim(t, { ear: SCRIPT.ear(), brain: SCRIPT.brain });
  const client = new OpenAI({ apiKey: 'sk-test', baseURL: sim.url });
  // The client insists on TLS, so a plain connection is passed underneath.
  const createConnection = (options: { host?: string; port?: number }) =>
    connect({ host: options.host ?? '127.0.0.1', port: Number(options.port) });
  const realtime = new OpenAIRealtimeWS(
    { model: 'gpt-realtime-2.1', options: { createConnection: createConnection as never } },
    client,
  );
  t.after(() => realtime.close());
  const events: RealtimeServerEvent[] = [];
  const errors: Error[] = [];
  realtime.on('event', (event) => events.push(event));
  realtime.on('error', (error) => errors.push(error));
  const of = <T extends RealtimeServerEvent['type']>(type: T) =>
    events.filter((event): event is Extract<RealtimeServerEvent, { type: T }> => event.type === type);
  const count = (type: RealtimeServerEvent['type'], least: number) =>
    until(() => of(type).length >= least, `${type} (${least})`);
  const say = async (): Promise<void> => {
    const audio = Buffer.concat([await sound(500), SILENCE]).toString('base64');
    realtime.send({ type: 'input_audio_buffer.append', audio });
  };

  await count('session.created', 1);
  realtime.send({
    type: 'session.update',
    session: {
      type: 'realtime',
      audio: {
        input: {
          format: { type: 'audio/pcmu' },
          turn_detection: { type: 'server_vad' },
          transcription: { model: 'gpt-4o-transcribe' },
        },
        output: { format: { type: 'audio/pcmu' } },
      },
      tools: [{ type: 'function', name: 'order_status', parameters: { type: 'object', properties: {} } }],
    },
  });
  realtime.send({ type: 'response.create', response: { instructions: 'Greet the caller.' } });
  await count('response.output_audio.delta', 1);
  clock.advance(1000);
  await count('response.done', 1);

  await say();
  await count('response.function_call_arguments.delta', 1);
  clock.advance(1000);
  await count('response.done', 2);
  const call = of('response.output_item.done')[1]?.item;
  assert.equal(call?.type, 'function_call');
  const call_id = (call as { call_id?: string }).call_id ?? '';
  realtime.send({ type: 'conversation.item.create', item: { type: 'function_call_output', call_id, output: 'sent' } });
  realtime.send({ type: 'response.create' });
  await count('response.output_audio.delta', 3);
  const item_id = of('response.output_audio.delta').at(-1)?.item_id ?? '';
  await say();
  await count('response.done', 3);
  realtime.send({ type: 'conversation.item.truncate', item_id, content_index: 0, audio_end_ms: 100 });
  await count('conversation.item.truncated', 1);
  await count('response.created', 4);
  await until(() => of('response.output_audio.delta').at(-1)?.item_id !== item_id, 'the last answer');
  clock.advance(1000);
  await count('response.done', 4);
  assert.deepEqual(
    of('response.done').map(({ response }) => response.status),
    ['completed', 'completed', 'cancelled', 'completed'],
  );
  assert.deepEqual(
    sim.sessions[0]?.memory.map(({ text }) => text),
    REMEMBERED,
  );
  assert.deepEqual(errors, []);
});

test('a session of the OpenAI Agents library completes a conversation with its own settings', async (t) => {
  const { clock, sim } = await startSim(t, { ear: SCRIPT.ear(), brain: SCRIPT.brain });
  const numbers: string[] = [];
  const orderStatus = tool({
    name: 'order_status',
    description: 'Looks up an order.',
    parameters: {
      type: 'object',
      properties: { number: { type: 'string' } },
      required: ['number'],
      additionalProperties: false,
    },
    execute: (input) => {
      numbers.push((input as { number: string }).number);
      return 'sent';
    },
  });
  const agent = new RealtimeAgent({ name: 'desk', instructions: 'Be kind.', tools: [orderStatus] });
  const session = new RealtimeSession(agent, { transport: 'websocket', tracingDisabled: true });
  t.after(() => session.close());
  const events: TransportEvent[] = [];
  const errors: unknown[] = [];
  let interrupted = 0;
  let heardBytes = 0;
  session.on('transport_event', (event) => events.push(event));
  session.on('error', (error) => errors.push(error));
  session.on('audio_interrupted', () => interrupted++);
  session.on('audio', ({ data }) => (heardBytes += data.byteLength));
  const count = (type: string, least: number) =>
    until(() => events.filter((event) => event.type === type).length >= least, `${type} (${least})`);
  const say = async (): Promise<void> => {
    const mulaw = Buffer.concat([await sound(500), SILENCE, SILENCE]);
    const pcm = Buffer.from(encodeAudio(mulaw, { type: 'audio/pcm', rate: 24_000 }), 'base64');
    assert.equal(pcm.length, mulawToPcm(mulaw).length * 6);
    session.sendAudio(new Uint8Array(pcm).buffer);
  };

  await session.connect({ apiKey: 'sk-test', url: `ws://127.0.0.1:${sim.port}/v1/realtime?model=gpt-realtime-2.1` });
  await count('session.updated', 1);
  session.transport.sendEvent({ type: 'response.create' });
  await count('response.output_audio.delta', 1);
  clock.advance(1000);
  await count('response.done', 1);
  assert.equal(heardBytes, 400 * 48);

  await say();
  await count('response.function_call_arguments.delta', 1);
  clock.advance(1000);
  await count('response.done', 2);
  await count('response.output_audio.delta', 3);
  assert.deepEqual(numbers, ['4711']);
  await say();
  await count('response.done', 3);
  await count('conversation.item.truncated', 1);
  await count('response.created', 4);
  const last = events.findLastIndex((event) => event.type === 'response.created');
  const hasBegun = () => events.findLastIndex((event) => event.type === 'response.output_audio.delta') > last;
  await until(hasBegun, 'the last answer');
  clock.advance(1000);
  await count('response.done', 4);
  assert.ok(interrupted >= 1);
  await until(() => session.history.length === 6, 'the history has every item');
  // The client measures real time. Because the fake clock stands still, it thinks that the greeting is still playing.
  assert.deepEqual(
    sim.sessions[0]?.memory.slice(1).map(({ text }) => text),
    REMEMBERED.slice(1),
  );
  assert.equal(sim.sessions[0]?.truncations.at(-1)?.itemId, sim.sessions[0]?.memory[4]?.itemId);
  assert.deepEqual(sim.sessions[0]?.errors, []);
  assert.deepEqual(errors, []);
});
