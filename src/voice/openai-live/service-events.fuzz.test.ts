import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fuzz, mangled, nearly } from '../../../test/support/fuzz.js';
import { fuzzService } from '../../../test/support/fuzz-service.js';
import {
  backendEvent,
  callerLine,
  functionCall,
  modelAudio,
  sessionStarted,
  withLive,
  words,
} from '../../../test/support/live-rig.js';
import { parseLiveEvent } from './server-events.js';

const USAGE = { input_tokens: 5, output_tokens: 3 };

/** Events as the service sends them, with few ids, so that events of a sequence belong together. */
const EVENTS = nearly(
  sessionStarted({ expires_at: 1_800_000_000 }),
  modelAudio('loud', 20),
  modelAudio('quiet', 20),
  words('input', 'Where', 0),
  words('output', 'Hello.', 100),
  { type: 'session.delegation.created', delegation: { id: 'del_1', type: 'delegation', target: 'responses' } },
  { type: 'session.delegation.created', delegation: { id: 'del_2', type: 'delegation', target: 'client' } },
  backendEvent({ type: 'response.created', response: { id: 'resp_1' } }),
  functionCall('call_1', 'look_up'),
  backendEvent({ type: 'response.completed', response: { output: [], usage: USAGE } }),
  backendEvent({ type: 'response.failed', response: { error: { code: null } } }, null),
  { type: 'session.usage.updated', usage: { seconds: 60 }, context_window: { usage_ratio: 0.4 } },
  { type: 'session.commentary.appended', client_event_id: 'gw-1', start_ms: 0, end_ms: 200 },
  { type: 'session.closed', reason: 'expired', usage: { seconds: 7200 } },
  {
    type: 'error',
    error: { type: 'invalid_request_error', code: 'invalid_audio', param: 'audio', client_event_id: 'gw-1' },
  },
);

test('the codec of GPT-Live events throws on no message, and what it reads is no longer than the message', () =>
  fuzz(mangled(EVENTS), (message) => {
    const parsed = parseLiveEvent(message);
    const event = parsed.ok ? parsed.event : undefined;
    assert.ok(JSON.stringify(event ?? '').length <= message.length + 300);
  }));

test('no sequence of GPT-Live events makes a session throw, emit anything after its end, or leave a timer', () =>
  withLive((rig) =>
    fuzzService(rig, EVENTS, {
      begin: (connection) => connection.send(sessionStarted()),
      hear: (session) => callerLine(session, rig.clock, 'loud', 100),
      runs: 100,
    }),
  ));
