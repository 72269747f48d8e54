import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { type OpenAiRig, withOpenAi } from '../../../test/support/openai-rig.js';
import type { ServiceConnection, WireEvent } from '../../../test/support/openai-service.js';
import { until } from '../../../test/support/rig.js';
import type { VoiceSession } from '../session.js';

interface Writing {
  rig: OpenAiRig;
  session: VoiceSession;
  connection: ServiceConnection;
  over: AbortController;
  /** Resolves with the text, or with the code of the error. */
  outcome: Promise<string>;
  create: WireEvent;
}

/** Runs the test with a session that was asked for a summary. */
async function withWriting(test: (writing: Writing) => Promise<void>): Promise<void> {
  await withOpenAi(async (rig) => {
    const { session, connection } = await rig.ready();
    const over = new AbortController();
    const request = { instructions: 'Summarise.', transcript: 'Caller: Hi.', signal: over.signal };
    const outcome = session.summarize?.(request).catch((error: { code: string }) => error.code);
    assert.ok(outcome !== undefined);
    const create = await connection.next('response.create');
    await test({ rig, session, connection, over, outcome, create });
    await connection.settled();
  });
}

function write(connection: ServiceConnection, responseId: string, ...pieces: string[]): void {
  for (const delta of pieces) {
    connection.send({ type: 'response.output_text.delta', response_id: responseId, item_id: 'item_w', delta });
  }
}

const USAGE = { input_tokens: 30, output_tokens: 7 };

for (const usage of [{ input_tokens: -30, output_tokens: 7 }, { input_tokens: 1.5, output_tokens: 7 }, 'many', null]) {
  test(`a summary is kept when its token counts are ${JSON.stringify(usage)}`, async () => {
    await withWriting(async ({ rig, connection, create, outcome }) => {
      const responseId = connection.begin(create);
      write(connection, responseId, 'They waved.');
      connection.endItem(responseId, 'item_w');
      connection.end(responseId, { status: 'completed', usage });
      assert.equal(await outcome, 'They waved.');
      for (const { inputTokens, outputTokens } of rig.recorder.of('usage'))
        assert.deepEqual([inputTokens, outputTokens], [0, 7]);
    });
  });
}

test('a summary is a text response outside the conversation, with an input of its own', async () => {
  await withWriting(async ({ rig, connection, create, outcome }) => {
    const { metadata, ...response } = create['response'] as Record<string, unknown>;
    assert.deepEqual(response, {
      conversation: 'none',
      output_modalities: ['text'],
      instructions: 'Summarise.',
      input: [{ type: 'message', role: 'user', content: [{ type: 'input_text', text: 'Caller: Hi.' }] }],
      tools: [],
      tool_choice: 'none',
      max_output_tokens: 1024,
    });
    assert.deepEqual(metadata, { request_id: create['event_id'] });
    const responseId = connection.begin(create);
    write(connection, responseId, 'They ', 'waved.');
    connection.endItem(responseId, 'item_w');
    connection.end(responseId, { status: 'completed', usage: USAGE });
    assert.equal(await outcome, 'They waved.');
    assert.deepEqual(
      rig.recorder.events.map(({ type }) => type),
      ['ready', 'usage'],
    );
    assert.deepEqual(rig.anomalies, []);
  });
});

test('a goodbye and a summary in progress at the same time do not mix their words', async () => {
  await withWriting(async ({ rig, session, connection, create, outcome }) => {
    const summaryId = connection.begin(create);
    session.cancel();
    session.say('Goodbye.', 'bye');
    const goodbye = await connection.next('response.create');
    const goodbyeId = connection.begin(goodbye);
    write(connection, summaryId, 'Written.');
    connection.audio(goodbyeId, 'item_g', 100);
    connection.words(goodbyeId, 'item_g', 'Goodbye.');
    connection.end(summaryId);
    connection.endItem(goodbyeId, 'item_g');
    connection.end(goodbyeId);
    assert.equal(await outcome, 'Written.');
    const done = await rig.recorder.nth('response-done');
    assert.deepEqual([done.sayId, done.status], ['bye', 'completed']);
    assert.deepEqual(
      rig.recorder.of('assistant-text').map(({ text }) => text),
      ['Goodbye.'],
    );
    assert.deepEqual(rig.recorder.of('response-started').length, 1);
    assert.deepEqual(rig.anomalies, []);
  });
});

test('a summary that is refused or fails is rejected, and the session continues', async () => {
  await withWriting(async ({ rig, connection, create, outcome }) => {
    connection.error('invalid_value', create['event_id']);
    assert.equal(await outcome, 'VOICE_FAILED');
    assert.deepEqual(rig.recorder.of('failed'), []);
  });
  for (const status of ['failed', 'incomplete', 'cancelled']) {
    await withWriting(async ({ rig, connection, create, outcome }) => {
      const responseId = connection.begin(create);
      write(connection, responseId, 'Half of');
      connection.end(responseId, { status });
      assert.equal(await outcome, 'VOICE_FAILED');
      assert.deepEqual(rig.recorder.of('failed'), []);
    });
  }
});

test('an abandoned summary is cancelled at the service, and its late events are ignored', async () => {
  await withWriting(async ({ rig, connection, over, create, outcome }) => {
    const responseId = connection.begin(create);
    await connection.settled();
    over.abort();
    assert.equal(await outcome, 'SESSION_CLOSED');
    assert.equal((await connection.next('response.cancel'))['response_id'], responseId);
    write(connection, responseId, 'Late.');
    connection.end(responseId, { status: 'cancelled' });
    await connection.settled();
    assert.deepEqual(rig.anomalies, []);
  });
  await withWriting(async ({ rig, connection, over, create, outcome }) => {
    over.abort();
    assert.equal(await outcome, 'SESSION_CLOSED');
    const responseId = connection.begin(create);
    assert.equal((await connection.next('response.cancel'))['response_id'], responseId);
    assert.deepEqual(rig.recorder.of('response-started'), []);
  });
});

test('a closed session stays open for its summary, without another event', async () => {
  await withWriting(async ({ rig, session, connection, create, outcome }) => {
    const responseId = connection.begin(create);
    await connection.settled();
    session.close();
    const seen = rig.recorder.events.length;
    connection.callerSpeaks('item_c');
    write(connection, responseId, 'Still written.');
    const closed = once(connection.socket, 'close');
    connection.end(responseId);
    assert.equal(await outcome, 'Still written.');
    await closed;
    assert.equal(rig.recorder.events.length, seen);
    await until(() => rig.clock.timers === 0, 'every timer is gone');
    // What `withWriting` waits for at the end is a peer that answers; this one has gone.
    connection.settled = () => Promise.resolve();
  });
});

for (const [name, end] of [
  ['given up', ({ over }: Writing) => over.abort()],
  ['cut off', ({ connection }: Writing) => connection.socket.terminate()],
  ['ended with the provider', ({ rig }: Writing) => void rig.provider.close()],
] as const) {
  test(`a summary that is ${name} after the close leaves nothing behind`, async () => {
    await withWriting(async (writing) => {
      const { rig, session, connection, outcome } = writing;
      session.close();
      const closed = once(connection.socket, 'close');
      end(writing);
      assert.equal(await outcome, 'SESSION_CLOSED');
      await closed;
      assert.deepEqual(rig.recorder.of('failed'), []);
      connection.settled = () => Promise.resolve();
    });
  });
}

test('a session that is not open rejects a summary', async () => {
  await withOpenAi(async ({ open }) => {
    const session = open();
    const request = { instructions: '', transcript: '', signal: AbortSignal.abort() };
    await assert.rejects(session.summarize?.(request) ?? Promise.resolve(), { code: 'SESSION_CLOSED' });
  });
});

/** Lets the service answer a request, because only then is it known to repeat the metadata of one. */
async function repeatsMetadata(session: VoiceSession, connection: ServiceConnection): Promise<void> {
  session.say('Hello.', 's');
  connection.answer(connection.begin(await connection.next('response.create')));
  await connection.settled();
}

test('no line is rendered by a service that does not repeat metadata, because the caller would hear it', () =>
  withOpenAi(async ({ ready }) => {
    const { connection, session } = await ready();
    session.say('Hello.', 's');
    await connection.next('response.create');
    connection.answer(connection.begin());
    await connection.settled();
    assert.equal(session.render, undefined);
  }));

test('a line is rendered beside the conversation and causes no event', () =>
  withOpenAi(async ({ ready, recorder }) => {
    const { connection, session } = await ready();
    await repeatsMetadata(session, connection);
    const before = recorder.types.length;
    const rendered = session.render?.('Einen Moment.');
    const create = await connection.next('response.create');
    const response = create['response'] as Record<string, unknown>;
    assert.deepEqual([response['conversation'], response['input'], response['tools']], ['none', [], []]);
    assert.match(String(response['instructions']), /Say exactly[^]*Einen Moment\./);
    const id = connection.begin(create);
    connection.audio(id, 'i1', 100);
    connection.audio(id, 'i1', 50);
    connection.end(id);
    assert.equal((await rendered)?.length, 150 * 8);
    assert.equal(recorder.types.length, before);
  }));

test('a line that is being rendered does not delay the end of the session', () =>
  withOpenAi(async ({ ready }) => {
    const { connection, session } = await ready();
    await repeatsMetadata(session, connection);
    const rendered = session.render?.('Einen Moment.') ?? Promise.resolve(new Uint8Array());
    const create = await connection.next('response.create');
    connection.begin(create);
    await connection.settled();
    const closed = once(connection.socket, 'close');
    session.close();
    await assert.rejects(rendered, { code: 'SESSION_CLOSED' });
    await closed;
  }));

test('a line that the service refuses or does not finish is rejected', () =>
  withOpenAi(async ({ ready }) => {
    const { connection, session } = await ready();
    await repeatsMetadata(session, connection);
    const refused = session.render?.('Einen Moment.') ?? Promise.resolve(new Uint8Array());
    connection.error('invalid_value', (await connection.next('response.create'))['event_id']);
    await assert.rejects(refused, { code: 'VOICE_FAILED' });
    const cancelled = session.render?.('Einen Moment.') ?? Promise.resolve(new Uint8Array());
    connection.end(connection.begin(await connection.next('response.create')), { status: 'cancelled' });
    await assert.rejects(cancelled, { code: 'VOICE_FAILED' });
  }));
