import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseServerEvent } from './server-events.js';

function parse(event: unknown): unknown {
  const parsed = parseServerEvent(JSON.stringify(event));
  return parsed.ok ? parsed.event : parsed.anomaly;
}

test('the audio of a delta stays base64', () => {
  const delta = Buffer.alloc(1600, 0x42).toString('base64');
  assert.deepEqual(
    parse({
      type: 'response.output_audio.delta',
      event_id: 'e1',
      response_id: 'r1',
      item_id: 'i1',
      output_index: 0,
      content_index: 1,
      delta,
    }),
    { type: 'audio-delta', responseId: 'r1', itemId: 'i1', contentIndex: 1, audio: delta },
  );
});

test('audio that is not whole base64 is malformed, and an empty delta is ignored', () => {
  const event = { type: 'response.output_audio.delta', response_id: 'r1', item_id: 'i1', content_index: 0 };
  for (const delta of ['abc', 'ab*=', 'a===', '=aaa', 7, undefined]) {
    assert.equal(parse({ ...event, delta }), 'malformed-event', String(delta));
  }
  assert.equal(parse({ ...event, delta: '' }), undefined);
});

test('beta and invented event types are unknown, and unused ones are ignored', () => {
  for (const type of ['response.audio.delta', 'response.audio_transcript.delta', 'session.started', '']) {
    assert.equal(parse({ type }), 'unknown-event', type);
  }
  for (const type of ['rate_limits.updated', 'conversation.item.added', 'response.content_part.done']) {
    assert.equal(parse({ type }), undefined, type);
  }
});

test('a message that is no object with a type is malformed, and one that is no JSON is counted as such', () => {
  for (const value of [null, 1, 'text', [], {}, { type: 3 }]) assert.equal(parse(value), 'malformed-event');
  assert.deepEqual(parseServerEvent('{"type":'), { ok: false, anomaly: 'not-json' });
});

test('the agreed audio formats are read for both directions', () => {
  assert.deepEqual(
    parse({
      type: 'session.updated',
      session: {
        expires_at: 1_800_000_000,
        audio: { input: { format: { type: 'audio/pcmu' } }, output: { format: { type: 'audio/pcm', rate: 24000 } } },
      },
    }),
    {
      type: 'session-updated',
      inputFormat: 'audio/pcmu',
      outputFormat: 'audio/pcm',
      expiresAtS: 1_800_000_000,
    },
  );
  assert.deepEqual(parse({ type: 'session.updated', session: {} }), {
    type: 'session-updated',
    inputFormat: '',
    outputFormat: '',
    expiresAtS: undefined,
  });
});

test('a response carries the id of its request, or none if voice activity began it', () => {
  assert.deepEqual(parse({ type: 'response.created', response: { id: 'r1', metadata: { request_id: 'gw-7' } } }), {
    type: 'response-created',
    responseId: 'r1',
    requestId: 'gw-7',
  });
  assert.deepEqual(parse({ type: 'response.created', response: { id: 'r1', metadata: null } }), {
    type: 'response-created',
    responseId: 'r1',
    requestId: undefined,
  });
});

test('only a completed function call counts', () => {
  const item = { id: 'i1', type: 'function_call', call_id: 'c1', name: 'escalate', arguments: '{"a":1}' };
  const event = { type: 'response.output_item.done', response_id: 'r1' };
  assert.deepEqual(parse({ ...event, item: { ...item, status: 'completed' } }), {
    type: 'function-call-done',
    responseId: 'r1',
    toolCallId: 'c1',
    name: 'escalate',
    arguments: '{"a":1}',
  });
  assert.deepEqual(parse({ ...event, item: { ...item, status: 'incomplete' } }), {
    type: 'function-call-cut',
    responseId: 'r1',
  });
  assert.equal(parse({ ...event, item: { ...item, status: 'completed', name: 5 } }), 'malformed-event');
});

test('the end of a response has its status, reason, tokens, and its error only as codes', () => {
  assert.deepEqual(
    parse({
      type: 'response.done',
      response: {
        id: 'r1',
        status: 'failed',
        status_details: {
          type: 'failed',
          error: { type: 'server_error', code: 'rate_limit_exceeded', message: 'My name is Jane.' },
        },
        usage: { total_tokens: 12, input_tokens: 10, output_tokens: 2, input_token_details: {} },
      },
    }),
    {
      type: 'response-done',
      responseId: 'r1',
      status: 'failed',
      reason: undefined,
      error: { type: 'server_error', code: 'rate_limit_exceeded', eventId: undefined, param: '' },
      usage: { inputTokens: 10, outputTokens: 2 },
    },
  );
  const odd = parse({ type: 'response.done', response: { id: 'r1', status: 'evaporated' } }) as { status: string };
  assert.equal(odd.status, 'failed');
});

test('free text in place of a code is not kept', () => {
  assert.deepEqual(parse({ type: 'error', error: { type: 'x', code: 'He said: call me', message: 'm' } }), {
    type: 'error',
    error: { type: 'x', code: 'other', eventId: undefined, param: '' },
  });
});

test('a transcription that is billed by length has no tokens', () => {
  const event = { type: 'conversation.item.input_audio_transcription.completed', item_id: 'i1', transcript: 'Hi.' };
  assert.deepEqual(parse({ ...event, usage: { type: 'duration', seconds: 2 } }), {
    type: 'transcription-completed',
    itemId: 'i1',
    text: 'Hi.',
    usage: undefined,
  });
  assert.deepEqual(parse({ ...event, usage: { type: 'tokens', input_tokens: 5, output_tokens: 3 } }), {
    type: 'transcription-completed',
    itemId: 'i1',
    text: 'Hi.',
    usage: { inputTokens: 5, outputTokens: 3 },
  });
});

test('no message makes the codec of OpenAI events throw', () => {
  const types = [
    'session.created',
    'session.updated',
    'input_audio_buffer.speech_started',
    'input_audio_buffer.committed',
    'conversation.item.input_audio_transcription.delta',
    'conversation.item.input_audio_transcription.completed',
    'conversation.item.input_audio_transcription.failed',
    'response.created',
    'response.output_audio.delta',
    'response.output_audio_transcript.delta',
    'response.output_text.delta',
    'response.output_item.done',
    'response.done',
    'error',
  ];
  const key = fc.constantFrom('session', 'item_id', 'response_id', 'response', 'item', 'error', 'delta', 'usage');
  fc.assert(
    fc.property(fc.constantFrom(...types), fc.dictionary(key, fc.jsonValue()), (type, fields) => {
      const parsed = parseServerEvent(JSON.stringify({ ...fields, type }));
      assert.equal(typeof parsed.ok, 'boolean');
    }),
    { numRuns: 500 },
  );
});
