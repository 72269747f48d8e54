import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import fc from 'fast-check';
import { fuzz, mangled, nearly } from '../../../test/support/fuzz.js';
import {
  backendEvent,
  callerLine,
  functionCall,
  modelAudio,
  sessionStarted,
  withLive,
  words,
} from '../../../test/support/live-rig.js';
import { until } from '../../../test/support/rig.js';
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
  withLive(async ({ anomalies, clock, open, recorder, service }) => {
    const steps = fc.array(fc.oneof({ weight: 8, arbitrary: mangled(EVENTS) }, fc.constantFrom(0, 700, 9000)), {
      maxLength: 14,
    });
    await fuzz(
      steps,
      async (sequence) => {
        const first = recorder.events.length;
        const known = service.connections.length;
        const session = open({ greeting: 'Welcome.', tools: [{ name: 'look_up', description: '', parameters: {} }] });
        await until(() => service.connections.length > known, 'the session connects');
        const connection = service.connections.at(-1);
        assert.ok(connection !== undefined);
        connection.send(sessionStarted());
        for (const step of sequence) {
          if (typeof step === 'string') {
            connection.send(step);
            continue;
          }
          callerLine(session, clock, 'loud', 100);
          clock.advance(step);
        }
        const { socket } = connection;
        // The session has read everything once it answers a ping, unless it has failed meanwhile.
        if (socket.readyState === socket.OPEN) {
          socket.ping();
          await Promise.race([once(socket, 'pong'), once(socket, 'close')]);
        }
        clock.advance(20_000);
        session.close();
        clock.advance(20_000);
        const types = recorder.events.slice(first).map(({ type }) => type);
        const end = types.findIndex((type) => type === 'failed' || type === 'ended');
        assert.ok(end < 0 || end === types.length - 1, types.join());
        assert.equal(clock.timers, 0, 'a timer is left behind');
        assert.ok(!anomalies.includes('event-failed'));
      },
      { runs: 100 },
    );
  }));
