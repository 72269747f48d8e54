import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { failure, withOpenAi } from '../../../test/support/openai-rig.js';

test('a request that a fault of the service refused is sent once more', () =>
  withOpenAi(async (rig) => {
    const { connection } = await rig.ready({ greeting: 'Hi.' });
    connection.error('', (await connection.next('response.create'))['event_id'], 'server_error');
    connection.answer(connection.begin(await connection.next('response.create')));
    await rig.recorder.nth('response-done');
    assert.equal(rig.recorder.of('failed').length, 0);
  }));

test('a failed response is requested once more, then the session fails', () =>
  withOpenAi(async (rig) => {
    const { connection } = await rig.ready();
    connection.callerSpeaks('c1');
    connection.callerStops('c1');
    connection.fail(connection.begin(), { type: 'server_error', code: 'internal_error' });
    connection.fail(connection.begin(await connection.next('response.create')), { type: 'server_error' });
    assert.equal((await failure(rig)).code, 'VOICE_FAILED');
    assert.deepEqual(
      rig.recorder.of('response-done').map(({ status }) => status),
      ['failed', 'failed'],
    );
  }));

test('a response that fails after an interruption or a cancel is not requested again', () =>
  withOpenAi(async (rig) => {
    const { connection, session } = await rig.ready({ greeting: 'Hi.' });
    const first = connection.begin(await connection.next('response.create'));
    connection.callerSpeaks('c1');
    connection.fail(first, { type: 'server_error' });
    connection.callerStops('c1');
    const second = connection.begin();
    await rig.recorder.nth('response-started', 2);
    session.cancel();
    await connection.next('response.cancel');
    connection.fail(second, { type: 'server_error' });
    await rig.recorder.nth('response-done', 2);
    assert.deepEqual(await connection.rest(), []);
    assert.equal(rig.recorder.of('failed').length, 0);
  }));

test('a cancel stops the pending retry of a throttled response', () =>
  withOpenAi(async (rig) => {
    const { connection, session } = await rig.ready({ greeting: 'Hi.' });
    connection.fail(connection.begin(await connection.next('response.create')), { code: 'rate_limit_exceeded' });
    await rig.recorder.nth('response-done');
    session.cancel();
    rig.clock.advance(1000);
    assert.deepEqual(await connection.rest(), []);
  }));

test('a successful response resets the count of failures', () =>
  withOpenAi(async (rig) => {
    const { connection, session } = await rig.ready();
    for (let turn = 0; turn < 3; turn++) {
      session.sendText('Hello');
      connection.fail(connection.begin(await connection.next('response.create')), { type: 'server_error' });
      connection.answer(connection.begin(await connection.next('response.create')));
      await rig.recorder.nth('response-done', 2 * turn + 2);
    }
    assert.equal(rig.recorder.of('failed').length, 0);
  }));

test('a throttled response is requested again after a pause, then the session fails as throttled', () =>
  withOpenAi(async (rig) => {
    const { connection } = await rig.ready({ greeting: 'Hi.' });
    const throttled = { type: 'tokens', code: 'rate_limit_exceeded' };
    connection.fail(connection.begin(await connection.next('response.create')), throttled);
    await rig.recorder.nth('response-done');
    assert.deepEqual(await connection.rest(), []);
    rig.clock.advance(1000);
    connection.fail(connection.begin(await connection.next('response.create')), throttled);
    const closed = once(connection.socket, 'close');
    assert.equal((await failure(rig)).code, 'VOICE_THROTTLED');
    await closed;
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(rig.clock.timers, 0);
  }));

test('an exhausted quota and a content filter fail the session without a retry', async () => {
  await withOpenAi(async (rig) => {
    const { connection } = await rig.ready({ greeting: 'Hi.' });
    connection.fail(connection.begin(await connection.next('response.create')), { code: 'insufficient_quota' });
    assert.equal((await failure(rig)).code, 'VOICE_REFUSED');
  });
  await withOpenAi(async (rig) => {
    const { connection } = await rig.ready({ greeting: 'Hi.' });
    connection.end(connection.begin(await connection.next('response.create')), {
      status: 'incomplete',
      status_details: { type: 'incomplete', reason: 'content_filter' },
    });
    assert.equal((await failure(rig)).code, 'VOICE_BLOCKED');
  });
});

const TOO_LONG = { status: 'incomplete', status_details: { type: 'incomplete', reason: 'max_output_tokens' } };

test('an answer without a sound is requested again at once, twice at most', () =>
  withOpenAi(async (rig) => {
    const { connection } = await rig.ready();
    connection.callerSpeaks('c1');
    connection.callerStops('c1');
    connection.end(connection.begin());
    connection.end(connection.begin(await connection.next('response.create')), TOO_LONG);
    const third = connection.begin(await connection.next('response.create'));
    // Digital silence is no sound.
    connection.send({
      type: 'response.output_audio.delta',
      response_id: third,
      item_id: 'i1',
      content_index: 0,
      delta: Buffer.alloc(800, 0xff).toString('base64'),
    });
    connection.end(third);
    assert.equal((await failure(rig)).code, 'VOICE_FAILED');
    assert.deepEqual(
      rig.recorder.of('response-done').map(({ status }) => status),
      ['failed', 'failed', 'failed'],
    );
    assert.equal(rig.anomalies.filter((kind) => kind === 'empty-answer').length, 3);
    assert.match(rig.lines.join(''), /"openai_reason":"max_output_tokens"/);
  }));

test('an answer that was requested again and is heard ends the count of empty ones', () =>
  withOpenAi(async (rig) => {
    const { connection, session } = await rig.ready({ greeting: 'Hi.' });
    const greeting = await connection.next('response.create');
    connection.end(connection.begin(greeting));
    const again = await connection.next('response.create');
    const words = (create: typeof again): unknown => (create['response'] as { instructions?: unknown }).instructions;
    assert.equal(words(again), words(greeting), 'the greeting itself');
    for (let turn = 0; turn < 3; turn++) {
      connection.answer(connection.begin(turn === 0 ? again : await connection.next('response.create')));
      await rig.recorder.nth('response-done', 2 * turn + 2);
      session.sendText('Hello');
      connection.end(connection.begin(await connection.next('response.create')));
    }
    assert.equal(rig.recorder.of('failed').length, 0);
  }));

test('an answer that breaks off in the middle is continued by the model where it stopped', () =>
  withOpenAi(async (rig) => {
    const { connection, session } = await rig.ready();
    session.sendText('Hello');
    const first = connection.begin(await connection.next('response.create'));
    connection.audio(first, 'i1', 100);
    connection.end(first, TOO_LONG);
    const { response } = await connection.next('response.create');
    assert.match(JSON.stringify(response), /Be brief\.[^]*Continue it exactly where it stopped/);
    assert.equal((await rig.recorder.nth('response-done')).status, 'failed');
    assert.deepEqual(rig.anomalies, ['cut-answer', 'response-failed']);
  }));

test('a function call that is cut off is requested again, and one that is complete is not', () =>
  withOpenAi(async (rig) => {
    const { connection } = await rig.ready({ greeting: 'Hi.' });
    const cut = connection.begin(await connection.next('response.create'));
    connection.audio(cut, 'i1', 20);
    connection.send({
      type: 'response.output_item.done',
      response_id: cut,
      item: { id: 'i2', type: 'function_call', status: 'incomplete', call_id: 'c', name: 'x', arguments: '{"a' },
    });
    connection.end(cut);
    const whole = connection.begin(await connection.next('response.create'));
    connection.callTool(whole, 'call_1', 'lookup', '{}');
    connection.end(whole, TOO_LONG);
    await rig.recorder.nth('tool-call');
    await rig.recorder.nth('response-done', 2);
    assert.deepEqual(await connection.rest(), []);
    assert.equal(rig.anomalies.includes('cut-answer'), true);
  }));

test('a model that writes instead of speaking counts as failed', () =>
  withOpenAi(async (rig) => {
    const { connection } = await rig.ready({ greeting: 'Hi.' });
    const id = connection.begin(await connection.next('response.create'));
    connection.send({ type: 'response.output_text.delta', response_id: id, item_id: 'i1', delta: 'Hello' });
    connection.end(id);
    assert.equal((await rig.recorder.nth('response-done')).status, 'failed');
    await connection.next('response.create');
    assert.deepEqual(rig.anomalies, ['text-answer', 'response-failed']);
  }));

test('a line that fails is not repeated, because its owner decides', () =>
  withOpenAi(async (rig) => {
    const { connection, session } = await rig.ready();
    session.say('Goodbye.', 'bye');
    connection.fail(connection.begin(await connection.next('response.create')), { type: 'server_error' });
    const done = await rig.recorder.nth('response-done');
    assert.deepEqual([done.sayId, done.status], ['bye', 'failed']);
    assert.deepEqual(await connection.rest(), []);
  }));

test('every requested line ends as failed before the session does', () =>
  withOpenAi(async (rig) => {
    const { connection, session } = await rig.ready({ greeting: 'Hi.' });
    const id = connection.begin(await connection.next('response.create'));
    connection.audio(id, 'i1', 20);
    await rig.recorder.nth('audio');
    session.say('One.', 's1');
    session.say('Two.', 's2');
    connection.socket.terminate();
    await failure(rig);
    assert.deepEqual(
      rig.recorder.of('response-done').map(({ sayId, status }) => [sayId, status]),
      [
        [undefined, 'failed'],
        ['s1', 'failed'],
        ['s2', 'failed'],
      ],
    );
    assert.equal(rig.recorder.of('item-done').length, 1);
  }));
