import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startSim } from '../../test/support/openai-sim.js';
import { RealtimeClient } from '../../test/support/realtime-client.js';
import { scriptedBrain } from '../model/script.js';

/** Settings that are refused, with the code and the parameter of the error. */
const REFUSED: [session: object, code: string, param: string | null][] = [
  [{}, 'missing_required_parameter', 'session.type'],
  [{ type: 'transcription' }, 'invalid_value', 'session.type'],
  [{ type: 'realtime', model: 'gpt-realtime-1.5' }, 'cannot_update_model', 'session.model'],
  [{ type: 'realtime', temperature: 0.8 }, 'unknown_parameter', 'session.temperature'],
  [{ type: 'realtime', id: 'sess_1' }, 'unknown_parameter', 'session.id'],
  [{ type: 'realtime', instructions: 5 }, 'invalid_type', 'session.instructions'],
  [{ type: 'realtime', output_modalities: ['text', 'audio'] }, 'array_above_max_length', 'session.output_modalities'],
  [{ type: 'realtime', output_modalities: ['video'] }, 'invalid_value', 'session.output_modalities[0]'],
  [{ type: 'realtime', max_output_tokens: 0 }, 'integer_below_min_value', 'session.max_output_tokens'],
  [{ type: 'realtime', max_output_tokens: 4097 }, 'integer_above_max_value', 'session.max_output_tokens'],
  [{ type: 'realtime', tool_choice: 'any' }, 'invalid_value', 'session.tool_choice'],
  [{ type: 'realtime', tools: [{ type: 'function' }] }, 'missing_required_parameter', 'session.tools[0].name'],
  [{ type: 'realtime', tools: [{ type: 'function', name: 'a b' }] }, 'invalid_value', 'session.tools[0].name'],
  [
    { type: 'realtime', tools: [{ type: 'function', name: 'a', strict: true }] },
    'unknown_parameter',
    'session.tools[0].strict',
  ],
  [{ type: 'realtime', tools: [{ type: 'shell' }] }, 'invalid_value', 'session.tools[0].type'],
  [{ type: 'realtime', reasoning: { effort: 'huge' } }, 'invalid_value', 'session.reasoning.effort'],
  [
    { type: 'realtime', truncation: { type: 'retention_ratio', retention_ratio: 2 } },
    'integer_above_max_value',
    'session.truncation.retention_ratio',
  ],
  [{ type: 'realtime', include: ['everything'] }, 'invalid_value', 'session.include[0]'],
];
const REFUSED_INPUT: [input: object, code: string, param: string][] = [
  [{ format: 'g711_ulaw' }, 'invalid_type', 'format'],
  [{ format: { type: 'g711_ulaw' } }, 'invalid_value', 'format.type'],
  [{ format: { type: 'audio/pcm', rate: 8000 } }, 'invalid_value', 'format.rate'],
  [{ format: { type: 'audio/pcmu', rate: 8000 } }, 'unknown_parameter', 'format.rate'],
  [{ transcription: {} }, 'missing_required_parameter', 'transcription.model'],
  [{ transcription: { model: 'gpt-nothing' } }, 'invalid_value', 'transcription.model'],
  [{ transcription: { model: 'whisper-1', keywords: ['a'] } }, 'unsupported_parameter', 'transcription.keywords'],
  [
    { transcription: { model: 'gpt-4o-transcribe', languages: ['en'] } },
    'unsupported_parameter',
    'transcription.languages',
  ],
  [{ transcription: { model: 'gpt-transcribe', prompt: 'a' } }, 'unsupported_parameter', 'transcription.prompt'],
  [{ transcription: { model: 'whisper-1', language: 'te' } }, 'invalid_value', 'transcription.language'],
  [{ transcription: { model: 'gpt-transcribe', delay: 'low' } }, 'unsupported_parameter', 'transcription.delay'],
  [{ noise_reduction: { type: 'loud' } }, 'invalid_value', 'noise_reduction.type'],
  [{ turn_detection: {} }, 'missing_required_parameter', 'turn_detection.type'],
  [{ turn_detection: { type: 'none' } }, 'invalid_value', 'turn_detection.type'],
  [{ turn_detection: { type: 'server_vad', threshold: 1.5 } }, 'decimal_above_max_value', 'turn_detection.threshold'],
  [{ turn_detection: { type: 'server_vad', eagerness: 'low' } }, 'unknown_parameter', 'turn_detection.eagerness'],
  [
    { turn_detection: { type: 'server_vad', idle_timeout_ms: 4999 } },
    'integer_below_min_value',
    'turn_detection.idle_timeout_ms',
  ],
  [
    { turn_detection: { type: 'server_vad', idle_timeout_ms: 30_001 } },
    'integer_above_max_value',
    'turn_detection.idle_timeout_ms',
  ],
  [{ turn_detection: { type: 'semantic_vad', threshold: 0.5 } }, 'unknown_parameter', 'turn_detection.threshold'],
  [
    { turn_detection: { type: 'semantic_vad', silence_duration_ms: 500 } },
    'unknown_parameter',
    'turn_detection.silence_duration_ms',
  ],
  [
    { turn_detection: { type: 'semantic_vad', idle_timeout_ms: 6000 } },
    'unknown_parameter',
    'turn_detection.idle_timeout_ms',
  ],
];
const REFUSED_OUTPUT: [output: object, code: string, param: string][] = [
  [{ voice: 'darth' }, 'invalid_value', 'voice'],
  [{ speed: 0.2 }, 'decimal_below_min_value', 'speed'],
  [{ speed: 1.6 }, 'decimal_above_max_value', 'speed'],
];

test('session.update is checked field by field, and a refused update changes nothing', async (t) => {
  const { telephone, sim } = await startSim(t);
  const client = await telephone();
  const before = JSON.stringify(sim.sessions[0]?.settings);
  const input = REFUSED_INPUT.map(
    ([fields, code, param]) =>
      [{ type: 'realtime', audio: { input: fields } }, code, `session.audio.input.${param}`] as const,
  );
  const output = REFUSED_OUTPUT.map(
    ([fields, code, param]) =>
      [{ type: 'realtime', audio: { output: fields } }, code, `session.audio.output.${param}`] as const,
  );
  for (const [session, code, param] of [...REFUSED, ...input, ...output]) {
    const error = await client.refusalOf({ type: 'session.update', event_id: 'mine', session });
    assert.deepEqual(
      { type: error?.type, code: error?.['code'], param: error?.['param'], event_id: error?.['event_id'] },
      { type: 'invalid_request_error', code, param, event_id: 'mine' },
      JSON.stringify(session),
    );
  }
  assert.equal(JSON.stringify(sim.sessions[0]?.settings), before);
  const missing = await client.refusalOf({ type: 'session.update' });
  assert.equal(missing?.['param'], 'session');
  const words = await client.refusalOf({
    type: 'session.update',
    session: { type: 'realtime', audio: { output: { speed: 0 } } },
  });
  assert.equal(
    words?.['message'],
    "Invalid 'session.audio.output.speed': integer below minimum value. Expected a value >= 0.25, but got 0 instead.",
  );
});

test('a strict service refuses the single language for a model that takes a list, and a long description of a tool', async (t) => {
  for (const isStrict of [true, false]) {
    const { port } = await startSim(t, { isStrict });
    const client = new RealtimeClient(port);
    const language = { model: 'gpt-transcribe', language: 'en' };
    const tool = { type: 'function', name: 'x', description: 'd'.repeat(1025) };
    for (const [session, param] of [
      [{ audio: { input: { transcription: language } } }, 'session.audio.input.transcription.language'],
      [{ tools: [tool] }, 'session.tools[0].description'],
    ] as const) {
      const refusal = await client.refusalOf({ type: 'session.update', session: { type: 'realtime', ...session } });
      assert.equal(refusal?.['param'], isStrict ? param : undefined);
    }
    const audio = { input: { transcription: { model: 'gpt-transcribe', languages: ['en'] } } };
    const plain = { type: 'realtime', audio, tools: [{ ...tool, description: 'd'.repeat(1024) }] };
    assert.equal(await client.refusalOf({ type: 'session.update', session: plain }), undefined);
  }
});

test('a setting that the service is told to refuse is refused by its path, and all others are taken', async (t) => {
  const { port } = await startSim(t, { refusedSettings: ['session.audio.input.transcription.languages'] });
  const client = new RealtimeClient(port);
  const refusal = async (transcription: object) =>
    (
      await client.refusalOf({
        type: 'session.update',
        session: { type: 'realtime', audio: { input: { transcription } } },
      })
    )?.['param'];
  const model = 'gpt-transcribe';
  assert.equal(await refusal({ model, languages: ['en'] }), 'session.audio.input.transcription.languages');
  assert.equal(await refusal({ model }), undefined);
});

test('every documented field of session.update is accepted, merged and returned', async (t) => {
  const { port } = await startSim(t);
  const client = new RealtimeClient(port);
  const session = {
    type: 'realtime',
    instructions: 'Be brief.',
    output_modalities: ['audio'],
    audio: {
      input: {
        format: { type: 'audio/pcmu' },
        transcription: { model: 'gpt-transcribe', language: 'en', keywords: ['Acme'] },
        noise_reduction: { type: 'near_field', strength: 1 },
        turn_detection: {
          type: 'server_vad',
          threshold: 0.5,
          prefix_padding_ms: 300,
          silence_duration_ms: 500,
          idle_timeout_ms: null,
          create_response: true,
          interrupt_response: true,
        },
      },
      output: { format: { type: 'audio/pcmu' }, voice: 'cedar', speed: 1.1 },
    },
    tools: [
      {
        type: 'function',
        name: 'escalate',
        description: 'x',
        parameters: { type: 'object', properties: {}, required: [] },
      },
    ],
    tool_choice: { type: 'function', name: 'escalate' },
    parallel_tool_calls: false,
    reasoning: { effort: 'low' },
    max_output_tokens: 500,
    truncation: { type: 'retention_ratio', retention_ratio: 0.8, token_limits: { post_instructions: 8000 } },
    tracing: null,
    include: ['item.input_audio_transcription.logprobs'],
  };
  client.send({ type: 'session.update', event_id: 'cfg-1', session });
  const echoed = (await client.next('session.updated'))['session'];
  for (const [field, value] of Object.entries(session)) assert.deepEqual(echoed[field], value, field);

  client.send({
    type: 'session.update',
    session: {
      type: 'realtime',
      tools: [],
      include: null,
      audio: { input: { noise_reduction: null, transcription: { language: 'de' } } },
    },
  });
  const next = (await client.next('session.updated', 2))['session'];
  assert.deepEqual(next.tools, []);
  assert.equal(next.include, null);
  assert.equal(next.instructions, 'Be brief.');
  assert.equal(next.audio.input.noise_reduction, null);
  assert.deepEqual(next.audio.input.transcription, { model: 'gpt-transcribe', language: 'de', keywords: ['Acme'] });
  assert.deepEqual(next.audio.input.turn_detection, session.audio.input.turn_detection);

  client.send({
    type: 'session.update',
    session: { type: 'realtime', audio: { input: { turn_detection: { type: 'semantic_vad' } } } },
  });
  const semantic = (await client.next('session.updated', 3))['session'].audio.input.turn_detection;
  assert.deepEqual(semantic, {
    type: 'semantic_vad',
    eagerness: 'auto',
    create_response: true,
    interrupt_response: true,
  });

  const partly = { type: 'server_vad', threshold: 0.7 };
  client.send({ type: 'session.update', session: { type: 'realtime', audio: { input: { turn_detection: partly } } } });
  const more = { type: 'server_vad', silence_duration_ms: 800 };
  client.send({ type: 'session.update', session: { type: 'realtime', audio: { input: { turn_detection: more } } } });
  const vad = (await client.next('session.updated', 5))['session'].audio.input.turn_detection;
  assert.deepEqual(vad, { ...session.audio.input.turn_detection, threshold: 0.7, silence_duration_ms: 800 });
  assert.deepEqual(client.of('error'), []);
});

test('the voice cannot change after the model has spoken, nor tracing after it was switched on', async (t) => {
  const { telephone } = await startSim(t, { brain: scriptedBrain(['Hi.']), pacing: { speed: Infinity } });
  const client = await telephone({ tracing: 'auto' });
  const update = (session: object) =>
    client.refusalOf({ type: 'session.update', session: { type: 'realtime', ...session } });
  assert.equal(await update({ audio: { output: { voice: 'ash' } } }), undefined);
  client.send({ type: 'response.create' });
  await client.next('response.done');
  assert.equal((await update({ audio: { output: { voice: 'echo' } } }))?.['code'], 'cannot_update_voice');
  assert.equal(await update({ audio: { output: { voice: 'ash' } } }), undefined);
  assert.equal((await update({ tracing: null }))?.['code'], 'cannot_update_tracing');
  assert.equal(await update({ tracing: 'auto' }), undefined);
});

test('only models of the second generation accept reasoning and parallel tool calls', async (t) => {
  const { port } = await startSim(t);
  for (const [model, code] of [
    ['gpt-realtime-1.5', 'unsupported_parameter'],
    ['gpt-realtime-2', undefined],
    ['gpt-realtime-2.1-mini', undefined],
  ] as const) {
    const client = new RealtimeClient(port, {
      path: `/v1/realtime?model=${model}`,
      headers: { authorization: 'Bearer k' },
    });
    for (const fields of [{ reasoning: { effort: 'low' } }, { parallel_tool_calls: true }]) {
      const error = await client.refusalOf({ type: 'session.update', session: { type: 'realtime', ...fields } });
      assert.equal(error?.['code'], code, model);
      const atResponse = await client.refusalOf({
        type: 'response.create',
        response: { conversation: 'none', ...fields },
      });
      assert.equal(atResponse?.['code'], code, model);
    }
  }
});
