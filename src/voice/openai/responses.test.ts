import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type OpenAiRig, withOpenAi } from '../../../test/support/openai-rig.js';
import type { ServiceConnection, WireEvent } from '../../../test/support/openai-service.js';
import type { VoiceSession } from '../session.js';

const ALREADY_ACTIVE = 'conversation_already_has_active_response';

function sayIdOf(create: WireEvent): unknown {
  return ((create['response'] as Record<string, unknown>)['metadata'] as Record<string, unknown>)['say_id'];
}

function itemOf(event: WireEvent): Record<string, unknown> {
  return event['item'] as Record<string, unknown>;
}

test('a line waits for the response in progress, and its response carries its id', () =>
  withOpenAi(async ({ ready, recorder }) => {
    const { connection, session } = await ready({ greeting: 'Hi.' });
    const greeting = connection.begin(await connection.next('response.create'));
    connection.audio(greeting, 'i1', 20);
    await recorder.nth('audio');
    session.say('Are you there?', 's1');
    assert.deepEqual(await connection.rest(), []);
    connection.end(greeting);
    const create = await connection.next('response.create');
    assert.equal(sayIdOf(create), 's1');
    const id = connection.begin(create);
    connection.audio(id, 'i2', 20);
    connection.end(id);
    assert.deepEqual(await recorder.nth('response-started', 2), {
      type: 'response-started',
      responseId: id,
      sayId: 's1',
    });
    assert.deepEqual(await recorder.nth('response-done', 2), {
      type: 'response-done',
      responseId: id,
      sayId: 's1',
      status: 'completed',
    });
  }));

test('a line that was requested before the session was ready follows the greeting', () =>
  withOpenAi(async ({ open, service, recorder }) => {
    const session = open({ greeting: 'Hi.' });
    session.say('And goodbye.', 's1');
    await recorder.nth('ready');
    const connection = await service.connected();
    const first = await connection.next('response.create');
    assert.equal(sayIdOf(first), undefined);
    connection.answer(connection.begin(first));
    assert.equal(sayIdOf(await connection.next('response.create')), 's1');
  }));

test('cancel silences the response in progress, and a line follows as soon as that has ended', () =>
  withOpenAi(async ({ ready, recorder }) => {
    const { connection, session } = await ready({ greeting: 'Hi.' });
    const greeting = connection.begin(await connection.next('response.create'));
    connection.audio(greeting, 'i1', 20);
    await recorder.nth('audio');
    session.cancel();
    session.say('I will connect you.', 'bye');
    const cancel = await connection.next('response.cancel');
    assert.equal(cancel['response_id'], greeting);
    connection.audio(greeting, 'i1', 20);
    connection.words(greeting, 'i1', 'late');
    assert.deepEqual(await connection.rest(), []);
    connection.end(greeting, { status: 'cancelled', status_details: { reason: 'client_cancelled' } });
    assert.equal(sayIdOf(await connection.next('response.create')), 'bye');
    assert.equal(recorder.of('audio').length, 1);
    assert.equal(recorder.of('assistant-text').length, 0);
    assert.equal(recorder.of('response-done')[0]?.status, 'cancelled');
  }));

test('cancel sends nothing if no response is in progress', () =>
  withOpenAi(async ({ ready }) => {
    const { connection, session } = await ready();
    session.cancel();
    assert.deepEqual(await connection.rest(), []);
  }));

test('a response that ends before the cancel arrives counts as cancelled', () =>
  withOpenAi(async ({ ready, recorder }) => {
    const { connection, session } = await ready({ greeting: 'Hi.' });
    const greeting = connection.begin(await connection.next('response.create'));
    await connection.settled();
    session.cancel();
    connection.end(greeting);
    const cancel = await connection.next('response.cancel');
    connection.error('response_cancel_not_active', cancel['event_id']);
    assert.equal((await recorder.nth('response-done')).status, 'cancelled');
    session.say('Bye.', 'bye');
    assert.equal(sayIdOf(await connection.next('response.create')), 'bye');
  }));

test('a goodbye does not wait for a response that voice activity began', () =>
  withOpenAi(async ({ ready, recorder }) => {
    const { connection, session } = await ready();
    connection.callerSpeaks('c1');
    connection.callerStops('c1');
    await recorder.nth('caller-turn');
    session.cancel();
    session.say('I will connect you.', 'bye');
    const first = await connection.next('response.create');
    const stray = connection.begin();
    connection.error(ALREADY_ACTIVE, first['event_id']);
    connection.audio(stray, 'i1', 20);
    assert.equal((await connection.next('response.cancel'))['response_id'], stray);
    assert.deepEqual(await connection.rest(), []);
    connection.end(stray, { status: 'cancelled' });
    const second = await connection.next('response.create');
    assert.equal(sayIdOf(second), 'bye');
    const id = connection.begin(second);
    connection.audio(id, 'i2', 20);
    connection.end(id);
    await recorder.nth('response-done', 2);
    assert.deepEqual(
      recorder.of('audio').map(({ responseId }) => responseId),
      [id],
    );
    assert.deepEqual(
      recorder.of('response-done').map(({ sayId, status }) => [sayId, status]),
      [
        [undefined, 'cancelled'],
        ['bye', 'completed'],
      ],
    );
  }));

test('a response that was requested before a cancel is stopped as soon as it begins', () =>
  withOpenAi(async ({ ready, recorder }) => {
    const { connection, session } = await ready({ greeting: 'Hi.' });
    const create = await connection.next('response.create');
    session.cancel();
    const id = connection.begin(create);
    connection.audio(id, 'i1', 20);
    assert.equal((await connection.next('response.cancel'))['response_id'], id);
    connection.end(id, { status: 'cancelled' });
    await recorder.nth('response-done');
    assert.equal(recorder.of('audio').length, 0);
  }));

test('a waiting line ends as cancelled when everything is cancelled', () =>
  withOpenAi(async ({ ready, recorder }) => {
    const { connection, session } = await ready({ greeting: 'Hi.' });
    connection.begin(await connection.next('response.create'));
    await connection.settled();
    session.say('Still there?', 's1');
    session.cancel();
    assert.deepEqual(
      recorder.of('response-done').map(({ sayId, status }) => [sayId, status]),
      [['s1', 'cancelled']],
    );
  }));

test('a line that is refused twice ends as failed, and the session continues', () =>
  withOpenAi(async ({ ready, recorder }) => {
    const { connection, session } = await ready();
    session.say('Hello.', 's1');
    for (let attempt = 0; attempt < 2; attempt++) {
      connection.error(ALREADY_ACTIVE, (await connection.next('response.create'))['event_id']);
    }
    const done = await recorder.nth('response-done');
    assert.deepEqual([done.sayId, done.status], ['s1', 'failed']);
    session.say('Again.', 's2');
    assert.equal(sayIdOf(await connection.next('response.create')), 's2');
  }));

/** Begins an answer that the caller's speech then cuts off. */
async function cutOff(rig: OpenAiRig): Promise<{ connection: ServiceConnection; session: VoiceSession }> {
  const { connection, session } = await rig.ready();
  rig.recorder.react = (event) => {
    if (event.type === 'interruption') session.reportHeard([{ itemId: 'i1', heardMs: 100, sentMs: 1000 }]);
  };
  session.sendText('Hello');
  const answer = connection.begin(await connection.next('response.create'));
  connection.audio(answer, 'i1', 1000);
  connection.callerSpeaks('c1');
  connection.end(answer, { status: 'cancelled' });
  await connection.next('conversation.item.truncate');
  await rig.recorder.nth('response-done');
  return { connection, session };
}

test('an answer that noise has cut off is continued, whether the noise ends or not', async () => {
  for (const ends of [true, false])
    await withOpenAi(async (rig) => {
      const { connection, session } = await cutOff(rig);
      if (ends) {
        connection.send({ type: 'input_audio_buffer.speech_stopped', audio_end_ms: 900, item_id: 'c1' });
        await rig.recorder.nth('caller-speech-stopped');
        rig.clock.advance(1499);
        assert.deepEqual(await connection.rest(), []);
        rig.clock.advance(1);
      } else session.callerIsQuiet?.();
      assert.match(JSON.stringify(await connection.next('response.create')), /Continue it exactly where it stopped/);
      assert.deepEqual(await connection.rest(), []);
    });
});

test('an answer that noises cut off again and again is continued three times, and anew once the caller has said something', () =>
  withOpenAi(async (rig) => {
    const { connection, session } = await cutOff(rig);
    const isContinued = /Continue it exactly where it stopped/;
    let answers = 1;
    /** Begins an answer, which a noise cuts off. */
    const cutOffAgain = async (create?: WireEvent): Promise<void> => {
      const answer = connection.begin(create);
      connection.audio(answer, `i${++answers}`, 1000);
      connection.callerSpeaks(`c${answers}`);
      connection.end(answer, { status: 'cancelled' });
      await rig.recorder.nth('response-done', answers);
    };
    for (let time = 0; time < 3; time++) {
      session.callerIsQuiet?.();
      const create = await connection.next('response.create');
      assert.match(JSON.stringify(create), isContinued);
      await cutOffAgain(create);
    }
    session.callerIsQuiet?.();
    assert.deepEqual(await connection.rest(), []);
    connection.callerSpeaks('words');
    connection.callerStops('words');
    await rig.recorder.nth('caller-turn');
    await cutOffAgain();
    session.callerIsQuiet?.();
    assert.match(JSON.stringify(await connection.next('response.create')), isContinued);
  }));

test('noise that has cut off nothing is not answered, and a line that waited for it is spoken', () =>
  withOpenAi(async (rig) => {
    const { connection, session } = await rig.ready();
    connection.callerSpeaks('c1');
    await rig.recorder.nth('caller-speech-started');
    session.say('Still there?', 's1');
    assert.deepEqual(await connection.rest(), []);
    session.callerIsQuiet?.();
    assert.equal(sayIdOf(await connection.next('response.create')), 's1');
    assert.deepEqual(await connection.rest(), []);
  }));

test('a commit or an answer ends a speech whose end the service did not report', async () => {
  for (const commits of [true, false])
    await withOpenAi(async (rig) => {
      const { connection } = await rig.ready();
      connection.callerSpeaks('c1');
      if (commits) connection.send({ type: 'input_audio_buffer.committed', item_id: 'c1', previous_item_id: null });
      else connection.begin();
      await rig.recorder.nth('caller-speech-stopped');
      await connection.settled();
      rig.clock.advance(2000);
      assert.equal(rig.recorder.of('caller-speech-stopped').length, 1);
      assert.deepEqual(await connection.rest(), []);
    });
});

test('a line waits while the caller speaks and until they are answered', () =>
  withOpenAi(async ({ ready, recorder }) => {
    const { connection, session } = await ready();
    connection.callerSpeaks('c1');
    await recorder.nth('caller-speech-started');
    session.say('Are you there?', 's1');
    assert.deepEqual(await connection.rest(), []);
    connection.callerStops('c1');
    assert.deepEqual(await connection.rest(), []);
    const answer = connection.begin();
    assert.deepEqual(await connection.rest(), []);
    connection.answer(answer);
    assert.equal(sayIdOf(await connection.next('response.create')), 's1');
  }));

test('responses are told apart even if the service does not repeat the metadata', () =>
  withOpenAi(async ({ ready, recorder }) => {
    const { connection, session } = await ready();
    session.say('Hello.', 's1');
    await connection.next('response.create');
    connection.end(connection.begin());
    assert.equal((await recorder.nth('response-done')).sayId, 's1');
    connection.callerStops('c1');
    connection.end(connection.begin());
    assert.equal((await recorder.nth('response-done', 2)).sayId, undefined);
  }));

test('tool results are sent after the response that called the tools, with one request for a reply', () =>
  withOpenAi(async ({ ready, recorder }) => {
    const { connection, session } = await ready({ greeting: 'Hi.' });
    recorder.react = (event) => {
      if (event.type === 'tool-call') session.sendToolResult(event.toolCallId, { status: 'ok', call: event.arguments });
    };
    const id = connection.begin(await connection.next('response.create'));
    connection.callTool(id, 'call_1', 'lookup', '{"order":7}');
    connection.callTool(id, 'call_2', 'lookup', '');
    assert.deepEqual(await connection.rest(), []);
    connection.end(id);
    const first = itemOf(await connection.next('conversation.item.create'));
    assert.deepEqual(first, {
      type: 'function_call_output',
      call_id: 'call_1',
      output: '{"status":"ok","call":{"order":7}}',
    });
    assert.equal(itemOf(await connection.next('conversation.item.create'))['call_id'], 'call_2');
    await connection.next('response.create');
    assert.deepEqual(await connection.rest(), []);
    assert.deepEqual(
      recorder.of('tool-call').map(({ name, arguments: args }) => [name, args]),
      [
        ['lookup', { order: 7 }],
        ['lookup', {}],
      ],
    );
  }));

test('tool arguments that are not JSON are reported to the model and not to the owner', () =>
  withOpenAi(async ({ ready, recorder, anomalies }) => {
    const { connection } = await ready({ greeting: 'Hi.' });
    const id = connection.begin(await connection.next('response.create'));
    connection.callTool(id, 'call_1', 'lookup', '{"order":');
    connection.end(id);
    assert.match(String(itemOf(await connection.next('conversation.item.create'))['output']), /not valid JSON/);
    await connection.next('response.create');
    assert.equal(recorder.of('tool-call').length, 0);
    assert.deepEqual(anomalies, ['bad-tool-arguments']);
  }));

test('a tool result that comes while the caller speaks is noted for the answer to them', () =>
  withOpenAi(async ({ ready, recorder }) => {
    const { connection, session } = await ready({ greeting: 'Hi.' });
    const id = connection.begin(await connection.next('response.create'));
    connection.callTool(id, 'call_1', 'lookup', '{}');
    connection.end(id);
    connection.callerSpeaks('c1');
    await recorder.nth('interruption');
    session.sendToolResult('call_1', 'found');
    assert.equal(itemOf(await connection.next('conversation.item.create'))['output'], 'found');
    connection.confirmItem();
    connection.callerStops('c1');
    connection.answer(connection.begin());
    await recorder.nth('response-done', 2);
    assert.deepEqual(await connection.rest(), []);
  }));

test('a tool result that is too late for the answer to the caller gets an answer after it', () =>
  withOpenAi(async ({ ready, recorder }) => {
    const { connection, session } = await ready({ greeting: 'Hi.' });
    const id = connection.begin(await connection.next('response.create'));
    connection.callTool(id, 'call_1', 'lookup', '{}');
    connection.end(id);
    connection.callerSpeaks('c1');
    await recorder.nth('interruption');
    session.sendToolResult('call_1', 'found');
    await connection.next('conversation.item.create');
    connection.callerStops('c1');
    const answer = connection.begin();
    connection.confirmItem();
    assert.deepEqual(await connection.rest(), []);
    connection.answer(answer);
    await connection.next('response.create');
    assert.deepEqual(await connection.rest(), []);
  }));

test('a caller who speaks during a line is answered after it', () =>
  withOpenAi(async ({ ready, recorder }) => {
    const { connection, session } = await ready();
    session.say('Please hold the line.', 's1');
    const create = await connection.next('response.create');
    connection.callerSpeaks('c1');
    const id = connection.begin(create);
    connection.callerStops('c1');
    await recorder.nth('caller-turn');
    assert.deepEqual(await connection.rest(), []);
    connection.end(id);
    assert.equal(sayIdOf(await connection.next('response.create')), undefined);
  }));

test('a tool result that crosses a response begun by voice activity gets an answer after it', () =>
  withOpenAi(async ({ ready, recorder }) => {
    const { connection, session } = await ready({ greeting: 'Hi.' });
    const id = connection.begin(await connection.next('response.create'));
    connection.callTool(id, 'call_1', 'lookup', '{}');
    connection.end(id);
    await recorder.nth('response-done');
    session.sendToolResult('call_1', 'found');
    const asked = await connection.next('response.create');
    connection.callerSpeaks('c1');
    connection.callerStops('c1');
    const answer = connection.begin();
    connection.error(ALREADY_ACTIVE, asked['event_id']);
    assert.deepEqual(await connection.rest(), []);
    connection.answer(answer);
    await connection.next('response.create');
    // The result itself is sent once.
    assert.equal(connection.received.filter(({ type }) => type === 'conversation.item.create').length, 1);
  }));

test('a handover from a tool call notes the result and speaks the goodbye without another answer', () =>
  withOpenAi(async ({ ready, recorder }) => {
    const { connection, session } = await ready({ greeting: 'Hi.' });
    recorder.react = (event) => {
      if (event.type !== 'tool-call') return;
      session.sendToolResult(event.toolCallId, { status: 'ok' });
      session.cancel();
      session.say('I will connect you.', 'bye');
    };
    const id = connection.begin(await connection.next('response.create'));
    connection.callTool(id, 'call_1', 'escalate', '{}');
    await connection.next('response.cancel');
    connection.end(id);
    await connection.next('conversation.item.create');
    const create = await connection.next('response.create');
    assert.equal(sayIdOf(create), 'bye');
    connection.end(connection.begin(create));
    await recorder.nth('response-done', 2);
    assert.deepEqual(await connection.rest(), []);
  }));

test('a tool result that comes after a cancel is noted without a request for an answer', () =>
  withOpenAi(async ({ ready, recorder }) => {
    const { connection, session } = await ready({ greeting: 'Hi.' });
    const id = connection.begin(await connection.next('response.create'));
    connection.callTool(id, 'call_1', 'lookup', '{}');
    connection.end(id);
    await recorder.nth('response-done');
    session.cancel();
    session.sendToolResult('call_1', 'found');
    await connection.next('conversation.item.create');
    assert.deepEqual(await connection.rest(), []);
  }));

test('a tool call of an interrupted response runs, and one of a cancelled response does not', () =>
  withOpenAi(async ({ ready, recorder }) => {
    const { connection, session } = await ready({ greeting: 'Hi.' });
    const first = connection.begin(await connection.next('response.create'));
    connection.callerSpeaks('c1');
    connection.callTool(first, 'call_1', 'escalate', '{}');
    connection.end(first, { status: 'cancelled' });
    assert.equal((await recorder.nth('tool-call')).toolCallId, 'call_1');
    connection.callerStops('c1');
    const second = connection.begin();
    await recorder.nth('response-started', 2);
    session.cancel();
    connection.callTool(second, 'call_2', 'escalate', '{}');
    connection.end(second, { status: 'cancelled' });
    const note = itemOf(await connection.next('conversation.item.create'));
    assert.deepEqual([note['call_id'], String(note['output']).includes('error')], ['call_2', true]);
    assert.equal(recorder.of('tool-call').length, 1);
    assert.deepEqual(await connection.rest(), []);
  }));

test('keys interrupt the model as speech does, and the model is told that they are keys', () =>
  withOpenAi(async ({ ready, recorder }) => {
    const { connection, session } = await ready({ greeting: 'Hi.' });
    const greeting = connection.begin(await connection.next('response.create'));
    connection.audio(greeting, 'i1', 1000);
    await recorder.nth('audio');
    recorder.react = (event) => {
      if (event.type === 'interruption') session.reportHeard([{ itemId: 'i1', heardMs: 100, sentMs: 1000 }]);
    };
    session.sendDigits('12#');
    await connection.next('response.cancel');
    assert.equal((await connection.next('conversation.item.truncate'))['audio_end_ms'], 100);
    assert.deepEqual(await connection.rest(), []);
    connection.end(greeting, { status: 'cancelled' });
    const item = itemOf(await connection.next('conversation.item.create'));
    assert.equal(item['role'], 'user');
    assert.match(JSON.stringify(item['content']), /input_text.*keys of the telephone: 12#/);
    await connection.next('response.create');
  }));

test('several keys in a row get one answer', () =>
  withOpenAi(async ({ ready, recorder }) => {
    const { connection, session } = await ready();
    session.sendDigits('1');
    const first = connection.begin(await connection.next('response.create'));
    await recorder.nth('response-started');
    session.sendDigits('2');
    session.sendDigits('3');
    await connection.next('response.cancel');
    connection.end(first, { status: 'cancelled' });
    await connection.next('conversation.item.create');
    await connection.next('conversation.item.create');
    await connection.next('response.create');
    assert.deepEqual(await connection.rest(), []);
  }));

test('a requested answer that begins while the caller speaks is cancelled', () =>
  withOpenAi(async ({ ready, recorder }) => {
    const { connection, session } = await ready();
    session.sendText('Hello');
    const create = await connection.next('response.create');
    connection.callerSpeaks('c1');
    await recorder.nth('caller-speech-started');
    const id = connection.begin(create);
    assert.equal((await connection.next('response.cancel'))['response_id'], id);
  }));
