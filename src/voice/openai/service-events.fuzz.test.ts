import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fuzz, mangled, nearly } from '../../../test/support/fuzz.js';
import { fuzzService } from '../../../test/support/fuzz-service.js';
import { withOpenAi } from '../../../test/support/openai-rig.js';
import { sessionUpdated } from '../../../test/support/openai-service.js';
import { AudioChunk } from '../../audio/chunk.js';
import { parseServerEvent } from './server-events.js';

const USAGE = { total_tokens: 8, input_tokens: 5, output_tokens: 3, input_token_details: { text_tokens: 5 } };
const AUDIO = Buffer.alloc(160, 0x55).toString('base64');

/** Events as the service sends them, with few ids, so that events of a sequence belong together. */
const EVENTS = nearly(
  { type: 'session.created', session: { id: 'sess_1', expires_at: 1_800_000_000 } },
  sessionUpdated(),
  { type: 'input_audio_buffer.speech_started', audio_start_ms: 0, item_id: 'item_1' },
  { type: 'input_audio_buffer.speech_stopped', audio_end_ms: 900, item_id: 'item_1' },
  { type: 'input_audio_buffer.committed', item_id: 'item_1', previous_item_id: null },
  { type: 'conversation.item.added', item: { id: 'item_2', type: 'function_call_output' } },
  { type: 'conversation.item.truncated', item_id: 'item_2', audio_end_ms: 20 },
  { type: 'conversation.item.input_audio_transcription.delta', item_id: 'item_1', delta: 'Where' },
  { type: 'conversation.item.input_audio_transcription.completed', item_id: 'item_1', transcript: 'Hi.', usage: USAGE },
  {
    type: 'conversation.item.input_audio_transcription.failed',
    item_id: 'item_1',
    error: { code: 'audio_unintelligible' },
  },
  { type: 'response.created', response: { id: 'resp_1', status: 'in_progress', metadata: null } },
  { type: 'response.created', response: { id: 'resp_2', metadata: { request_id: 'r1' } } },
  { type: 'response.output_audio.delta', response_id: 'resp_1', item_id: 'item_2', content_index: 0, delta: AUDIO },
  { type: 'response.output_audio_transcript.delta', response_id: 'resp_1', item_id: 'item_2', delta: 'Hello.' },
  { type: 'response.output_text.delta', response_id: 'resp_2', item_id: 'item_3', delta: 'A summary.' },
  { type: 'response.output_item.done', response_id: 'resp_1', item: { id: 'item_2', type: 'message' } },
  {
    type: 'response.output_item.done',
    response_id: 'resp_1',
    item: { id: 'item_4', type: 'function_call', status: 'completed', call_id: 'c1', name: 'look_up', arguments: '{}' },
  },
  { type: 'response.done', response: { id: 'resp_1', status: 'completed', usage: USAGE } },
  {
    type: 'response.done',
    response: { id: 'resp_2', status: 'incomplete', status_details: { reason: 'max_output_tokens' } },
  },
  {
    type: 'response.done',
    response: { id: 'resp_1', status: 'failed', status_details: { error: { type: 'server_error', code: null } } },
  },
  { type: 'rate_limits.updated', rate_limits: [] },
  { type: 'error', error: { type: 'invalid_request_error', code: 'invalid_value', event_id: 'e1', param: 'session' } },
);

test('the codec of OpenAI events throws on no message, and what it reads is no longer than the message', () =>
  fuzz(mangled(EVENTS), (message) => {
    const parsed = parseServerEvent(message);
    const event = parsed.ok ? parsed.event : undefined;
    assert.ok(JSON.stringify(event ?? '').length <= message.length + 300);
  }));

test('no sequence of OpenAI events makes a session throw, emit anything after its end, or leave a timer', () =>
  withOpenAi((rig) => {
    const quiet = AudioChunk.fromBytes('mulaw', 8000, new Uint8Array(160).fill(0xff));
    return fuzzService(rig, EVENTS, { hear: (session) => session.sendAudio(quiet), runs: 150 });
  }));
