import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  backendEvent,
  callerLine,
  functionCall,
  modelAudio,
  sessionStarted,
  withLive,
  words,
} from '../../../test/support/live-rig.js';
import type { ServiceConnection } from '../../../test/support/openai-service.js';
import { until } from '../../../test/support/rig.js';

const TOOLS = [{ name: 'look_up', description: 'Looks up an order.', parameters: { type: 'object' } }];
const DELEGATED = {
  type: 'session.delegation.created',
  offset_ms: 0,
  delegation: { id: 'del_1', type: 'delegation', target: 'responses', response_id: 'resp_1' },
};

/** Resolves with what the session has sent since the last time, without audio. */
async function sentBy(connection: ServiceConnection): Promise<string[]> {
  await connection.settled();
  return connection.received
    .splice(0)
    .filter(({ type }) => type !== 'session.start' && type !== 'session.input_audio.append')
    .map(({ content, type }) => (typeof content === 'string' ? `${type}: ${content}` : type));
}

describe('a session with GPT-Live', () => {
  it('it says first what it is, and sends nothing else until the service has agreed', () =>
    withLive(async ({ clock, open, recorder, service }) => {
      const turns = [
        { speaker: 'caller' as const, text: 'Hi.', itemId: 'a', interrupted: false },
        { speaker: 'assistant' as const, text: 'Hello.', itemId: 'b', interrupted: false },
      ];
      const session = open({ tools: TOOLS, greeting: 'Welcome.', conversation: { turns, isPlaying: false } });
      session.sendText('Early.');
      const connection = await service.connected();
      const { session: settings } = await connection.next('session.start');
      callerLine(session, clock, 'loud', 200);
      assert.deepEqual(await connection.rest(), []);
      assert.equal(connection.request.url, '/v1/live/sessions');
      const { audio, delegation, input, model } = settings as Record<string, Record<string, Record<string, unknown>>>;
      assert.equal(model, 'gpt-live-1');
      assert.deepEqual(audio, { format: { type: 'audio/pcmu', rate: 8000 }, output: { voice: 'marin' } });
      assert.deepEqual(delegation?.['responses']?.['tools'], [{ type: 'function', ...TOOLS[0] }]);
      assert.deepEqual(
        (input as unknown as { role: string }[]).map(({ role }) => role),
        ['developer', 'user', 'assistant'],
      );
      connection.send(sessionStarted());
      await recorder.nth('ready');
      await connection.next('session.input_audio.append');
      const order = await connection.next('session.instructions.append');
      assert.match(String(order['content']), /word for word.*Welcome\./s);
      await connection.next('session.commentary.append');
      await connection.next('response.create');
    }));

  it('a service that does not agree to mu-law, or refuses the session, fails it with the field', () =>
    withLive(async ({ open, recorder, service }) => {
      open();
      const connection = await service.connected();
      const error = {
        type: 'invalid_request_error',
        code: 'unknown_parameter',
        param: 'session.input',
        message: 'words of the service',
      };
      connection.send({ type: 'error', error });
      const { error: refused } = await recorder.nth('failed');
      assert.equal(refused.code, 'VOICE_PROTOCOL');
      assert.match(refused.message, /^OpenAI refused session\.input: unknown_parameter\. /);
      assert.doesNotMatch(refused.message, /words of the service/);
      open();
      await until(() => service.connections.length === 2, 'the next session');
      service.connections[1]?.send(sessionStarted({ audio: { format: { type: 'audio/pcm', rate: 24_000 } } }));
      assert.equal((await recorder.nth('failed', 2)).error.code, 'VOICE_PROTOCOL');
    }));

  it('a service that does not name the format is trusted, and that is counted', () =>
    withLive(async ({ anomalies, open, recorder, service }) => {
      open();
      (await service.connected()).send(sessionStarted({ audio: { output: { voice: 'marin' } } }));
      await recorder.nth('ready');
      assert.deepEqual(anomalies, ['format-unnamed']);
    }));

  it("the caller's speech, turn and words are reported by the gateway's own ear and the transcript", () =>
    withLive(async ({ clock, ready, recorder }) => {
      const { connection, session } = await ready();
      callerLine(session, clock, 'loud', 400);
      connection.send(words('input', 'Where is my order?', 100));
      await recorder.nth('caller-text');
      callerLine(session, clock, 'quiet', 1400);
      assert.deepEqual(recorder.types, [
        'ready',
        'caller-speech-started',
        'caller-text',
        'caller-speech-stopped',
        'caller-turn',
        'caller-text',
      ]);
    }));

  it('a model that says nothing to a caller is reminded once, and not while its backend works', () =>
    withLive(async ({ anomalies, clock, ready }) => {
      const { connection, session } = await ready();
      await sentBy(connection);
      callerLine(session, clock, 'loud', 400);
      callerLine(session, clock, 'quiet', 3200);
      const [reminder, begin, ...more] = await sentBy(connection);
      assert.match(reminder ?? '', /^session\.instructions\.append: The caller has stopped/);
      assert.match(begin ?? '', /^session\.commentary\.append/);
      assert.deepEqual(more, []);
      callerLine(session, clock, 'quiet', 5000);
      assert.deepEqual(await sentBy(connection), []);
      callerLine(session, clock, 'loud', 400);
      connection.send(DELEGATED);
      await connection.settled();
      callerLine(session, clock, 'quiet', 5000);
      assert.deepEqual(await sentBy(connection), []);
      assert.deepEqual(anomalies, ['reminded']);
    }));

  it("a tool call comes after the caller's words, and its result goes back with a request to continue", () =>
    withLive(async ({ anomalies, ready, recorder }) => {
      const { connection, session } = await ready({ tools: TOOLS });
      connection.send(words('input', 'Order 7.', 0), DELEGATED, backendEvent({ type: 'response.created' }));
      connection.send(functionCall('call_1', 'look_up', '{"number":"7"}'), functionCall('call_1', 'look_up'));
      const { arguments: args, name, toolCallId } = await recorder.nth('tool-call');
      assert.deepEqual([toolCallId, name, args], ['call_1', 'look_up', { number: '7' }]);
      assert.deepEqual(recorder.types.slice(-5), [
        'caller-text',
        'response-started',
        'caller-turn',
        'caller-text',
        'tool-call',
      ]);
      session.sendToolResult('call_1', { status: 'shipped' });
      assert.deepEqual(await connection.rest(), []);
      const usage = { input_tokens: 5, output_tokens: 3 };
      connection.send(backendEvent({ type: 'response.completed', response: { output: [], usage } }));
      const { item } = await connection.next('response.item.create');
      assert.deepEqual(item, { type: 'function_call_output', call_id: 'call_1', output: '{"status":"shipped"}' });
      await connection.next('response.create');
      assert.deepEqual(recorder.of('usage'), [{ type: 'usage', inputTokens: 5, outputTokens: 3 }]);
      session.sendToolResult('call_of_nobody', {});
      connection.send(functionCall('call_2', 'look_up', '[1]'));
      await connection.settled();
      assert.deepEqual(anomalies, ['unknown-tool-call', 'bad-tool-arguments']);
    }));

  it('keys reach both models, and a backend that failed is told to the caller', () =>
    withLive(async ({ anomalies, ready }) => {
      const { connection, session } = await ready();
      session.sendDigits('4711');
      const [noted, ...rest] = await sentBy(connection);
      assert.match(noted ?? '', /^session\.thinking\.append: .*4711$/);
      assert.deepEqual(rest, ['response.item.create', 'response.create']);
      connection.send(backendEvent({ type: 'response.failed', response: { error: { code: 'server_error' } } }, null));
      await connection.settled();
      const [told] = await sentBy(connection);
      assert.match(told ?? '', /could not finish/);
      assert.deepEqual(anomalies, ['backend-failed']);
    }));

  it('a cancel drops what the model says and tells it to stop, if it was speaking', () =>
    withLive(async ({ ready, recorder }) => {
      const { connection, session } = await ready();
      session.cancel();
      assert.deepEqual(await sentBy(connection), []);
      connection.send(modelAudio('loud'));
      await recorder.nth('audio');
      session.cancel();
      connection.send(modelAudio('loud'));
      assert.match((await sentBy(connection))[0] ?? '', /^session\.instructions\.append: Stop speaking/);
      assert.deepEqual(recorder.types.slice(-2), ['item-done', 'response-done']);
    }));

  it('the model is told what the caller did not hear of it, unless it is only a word', () =>
    withLive(async ({ clock, playing, ready, recorder }) => {
      const { connection, session } = await ready();
      connection.send(modelAudio('loud', 2000), words('output', 'one two three four', 0, 2000));
      const { itemId } = await recorder.nth('assistant-text');
      playing.value = true;
      callerLine(session, clock, 'loud', 400);
      await connection.settled();
      callerLine(session, clock, 'loud', 400);
      connection.send(modelAudio('quiet', 400));
      await recorder.nth('interruption');
      session.reportHeard([{ itemId, heardMs: 1900, sentMs: 2000 }]);
      assert.deepEqual(await sentBy(connection), []);
      session.reportHeard([{ itemId, heardMs: 1000, sentMs: 2000 }]);
      assert.match((await sentBy(connection))[0] ?? '', /^session\.thinking\.append: .*they heard only this: one two$/);
    }));

  it("a line is spoken by the gateway's own voice, and the model is told that the caller has heard it", () =>
    withLive(
      async ({ ready, recorder }) => {
        const { connection, session } = await ready();
        session.say('Please hold.', 's1');
        const { sayId, status } = await recorder.nth('response-done');
        assert.deepEqual([sayId, status], ['s1', 'completed']);
        assert.match((await sentBy(connection))[0] ?? '', /^session\.thinking\.append: .*Please hold\.$/);
      },
      { speakLine: () => Promise.resolve(new Uint8Array(800).fill(0x10)) },
    ));

  it('a line without a voice for it fails at once', () =>
    withLive(async ({ ready, recorder }) => {
      const { session } = await ready();
      session.say('Please hold.', 's1');
      assert.equal((await recorder.nth('response-done')).status, 'failed');
    }));

  it('an error keeps the session unless the account is at its end, and the end of a session has its reason', () =>
    withLive(async ({ anomalies, open, recorder, service }) => {
      const ends: [object, string][] = [
        [{ type: 'error', error: { type: 'invalid_request_error', code: 'insufficient_quota' } }, 'VOICE_REFUSED'],
        [{ type: 'session.closed', reason: 'expired', usage: { seconds: 7200 } }, 'VOICE_EXPIRED'],
        [{ type: 'session.closed', reason: 'content' }, 'VOICE_BLOCKED'],
        [{ type: 'session.closed', reason: 'connection_lost' }, 'VOICE_UNREACHABLE'],
        [{ type: 'session.closed', reason: 'remote_hangup' }, 'VOICE_FAILED'],
      ];
      for (const [nth, [event, code]] of ends.entries()) {
        open();
        await until(() => service.connections.length === nth + 1, 'a session');
        const connection = service.connections[nth] as ServiceConnection;
        connection.send(sessionStarted(), { type: 'error', error: { type: 'invalid_request_error', code: null } });
        connection.send(event as { type: string });
        assert.equal((await recorder.nth('failed', nth + 1)).error.code, code);
      }
      assert.equal(anomalies.filter((kind) => kind === 'error-event').length, ends.length + 1);
    }));

  it('a service that is silent although it is asked for a sign of life has stalled, and one that answers has not', () =>
    withLive(async ({ clock, ready, recorder }) => {
      const { connection } = await ready();
      clock.advance(10_000);
      await connection.next('session.input_audio.unmute');
      connection.send({ type: 'session.input_audio.unmuted' });
      await connection.settled();
      clock.advance(10_000);
      await connection.next('session.input_audio.unmute');
      await connection.settled();
      clock.advance(10_000);
      assert.equal((await recorder.nth('failed')).error.code, 'VOICE_STALLED');
    }));

  it('a closed session asks how long it was, waits a moment for it, and leaves nothing behind', () =>
    withLive(async ({ clock, lines, ready, recorder }) => {
      const { connection, session } = await ready();
      session.close();
      await connection.next('session.close');
      connection.send(modelAudio('loud'), {
        type: 'session.closed',
        reason: 'close_requested',
        usage: { seconds: 12 },
      });
      await until(() => connection.socket.readyState === connection.socket.CLOSED, 'the end');
      assert.match(lines.join(''), /"billed_seconds":12/);
      assert.equal(clock.timers, 0);
      assert.deepEqual(recorder.types, ['ready']);
    }));
});
