import assert from 'node:assert/strict';
import { test } from 'node:test';
import { greeted, openLocal, settle } from '../../../test/support/local-rig.js';
import { AudioChunk } from '../../audio/chunk.js';
import { TandemError } from '../../base/errors.js';

test('a local session is ready after `open` has returned, and then greets', async () => {
  const rig = openLocal();
  assert.deepEqual(rig.kinds(), []);
  await settle();
  assert.deepEqual(rig.kinds(), [
    'ready',
    'response-started',
    'assistant-text',
    'audio',
    'audio',
    'audio',
    'item-done',
    'response-done',
  ]);
  const chunks = rig.events.flatMap((event) => (event.type === 'audio' ? [event.chunk] : []));
  assert.deepEqual(
    chunks.map((chunk) => [chunk.encoding, chunk.sampleRateHz, chunk.durationMs]),
    [
      ['mulaw', 8000, 200],
      ['mulaw', 8000, 200],
      ['mulaw', 8000, 100],
    ],
  );
  rig.session.close();
});

test("a local session passes the caller's audio to the engine", async () => {
  const rig = await greeted();
  rig.session.sendAudio(AudioChunk.fromBytes('mulaw', 8000, new Uint8Array(160)));
  assert.equal(rig.engine.pushed[0]?.length, 160);
  rig.session.close();
});

test('a line that sends nothing while the caller is silent is padded, so that the detector finds the end of the speech', async () => {
  const rig = await greeted();
  rig.session.sendAudio(AudioChunk.fromBytes('mulaw', 8000, new Uint8Array(160)));
  rig.engine.listener?.onSpeechStarted();
  rig.clock.advance(590);
  assert.equal(rig.engine.pushed.length, 1);
  rig.clock.advance(20);
  assert.deepEqual(rig.engine.pushed[1], new Uint8Array(8000).fill(0xff), 'one second of silence');
  rig.engine.listener?.onSpeechStopped();
  rig.clock.advance(60_000);
  assert.equal(rig.engine.pushed.length, 2);
  rig.engine.listener?.onSpeechStarted();
  rig.session.close();
  rig.clock.advance(60_000);
  assert.equal(rig.engine.pushed.length, 2);
  assert.equal(rig.clock.timers, 0);
});

test('a local session answers the caller with an item for each sentence', async () => {
  const rig = await greeted();
  rig.engine.hear('what are your opening hours');
  assert.deepEqual(rig.kinds(), [
    'caller-speech-started',
    'interruption',
    'caller-speech-stopped',
    'caller-text',
    'response-started',
  ]);
  await settle();
  const items = rig.events.flatMap((event) => (event.type === 'item-done' ? [event.itemId] : []));
  assert.equal(items.length, 3);
  assert.equal(new Set(items).size, 3);
  assert.match(rig.texts().join(' '), /^We are open Monday/);
  rig.session.close();
});

test('a local session speaks at most fifteen seconds ahead of what the caller hears', async () => {
  const rig = await greeted();
  rig.clock.advance(60_000);
  rig.engine.sentenceBytes = 128_000;
  rig.session.sendText('what are your opening hours');
  await settle();
  assert.equal(rig.texts().length, 1, 'the first sentence alone has sixteen seconds');
  rig.clock.advance(5999);
  await settle();
  assert.equal(rig.texts().length, 1);
  rig.clock.advance(1);
  await settle();
  assert.equal(rig.texts().length, 2);
  rig.session.close();
  assert.equal(rig.clock.timers, 0, 'no timer is left');
});

test('a local session waits for the rest if the caller speaks before the first part was understood', async () => {
  const rig = await greeted();
  const { listener } = rig.engine;
  listener?.onSpeechStarted();
  listener?.onSpeechStopped();
  listener?.onSpeechStarted();
  listener?.onText('where is');
  await settle();
  assert.deepEqual(rig.texts(), []);
  listener?.onSpeechStopped();
  listener?.onText('my order');
  await settle();
  assert.match(rig.texts().join(' '), /order number\?$/);
  rig.session.close();
});

test('a local session transfers the call after two misunderstandings', async () => {
  const rig = await greeted();
  rig.engine.hear('purple elephants');
  await settle();
  assert.match(rig.texts()[0] ?? '', /did not understand/);
  rig.engine.hear('green elephants');
  await settle();
  const last = rig.events.at(-1);
  assert.ok(last?.type === 'tool-call');
  assert.equal(last.name, 'transfer_to_human');
  assert.notEqual(last.toolCallId, '');
  rig.session.close();
});

test('a local session ignores one noise and asks after two', async () => {
  const rig = await greeted();
  rig.engine.hear('');
  await settle();
  assert.deepEqual(rig.texts(), []);
  rig.engine.hear('');
  await settle();
  assert.match(rig.texts()[0] ?? '', /did not understand/);
  rig.session.close();
});

test('an utterance on which the recogniser failed is counted, and the caller is treated like one who was not understood', async () => {
  const rig = await greeted();
  for (let time = 0; time < 2; time++) {
    rig.engine.listener?.onNotRecognized?.();
    rig.engine.hear('');
  }
  await settle();
  assert.deepEqual(rig.anomalies, ['recognition-failed c', 'recognition-failed c']);
  assert.match(rig.texts().at(-1) ?? '', /You can ask me/);
  rig.session.close();
});

test('a local session says goodbye before it ends the call', async () => {
  const rig = await greeted();
  rig.engine.hear('good-bye');
  await settle();
  assert.equal(rig.texts().at(-1), 'Goodbye!');
  const kinds = rig.kinds();
  assert.ok(kinds.lastIndexOf('item-done') < kinds.indexOf('tool-call'));
  const call = rig.events.at(-1);
  assert.equal(call?.type === 'tool-call' && call.name, 'end_call');
  rig.session.close();
});

test('a local session takes a keyed number as an answer, which interrupts it', async () => {
  const rig = await greeted();
  rig.engine.hear('where is my order');
  await settle();
  rig.events.length = 0;
  rig.session.sendDigits('4711');
  await settle();
  assert.equal(rig.kinds()[0], 'interruption');
  assert.match(rig.texts().join(' '), /number 4 7 1 1\./);
  rig.session.close();
});

test('a local session greets and then answers the last turn before it opened', async () => {
  const turn = { speaker: 'caller', text: 'Where is my order?', itemId: 'c1', interrupted: false } as const;
  const rig = openLocal({
    answersLast: true,
    greeting: 'I am back.',
    conversation: { turns: [turn], isPlaying: false },
  });
  await settle();
  assert.deepEqual(rig.texts().slice(0, 2), ['I am back.', 'I will look that up for you.']);
  rig.session.close();
});

test('a closed local session sends no event and stops listening', async () => {
  const rig = await greeted();
  rig.engine.isHolding = true;
  rig.engine.hear('what are your opening hours');
  rig.session.sendText('hello');
  const before = rig.events.length;
  rig.session.close();
  rig.engine.release();
  rig.session.say('Too late.', 'x');
  rig.engine.listener?.onText('hello');
  await settle();
  assert.equal(rig.events.length, before);
  assert.equal(rig.engine.isListening, false);
  assert.equal(rig.clock.timers, 0);
});

test('a local session may be closed before it is ready', async () => {
  const rig = openLocal();
  rig.session.close();
  await settle();
  assert.deepEqual(rig.kinds(), []);
  assert.equal(rig.engine.isListening, false);
});

test('a local session fails once if the engine fails, and does nothing afterwards', async () => {
  const rig = await greeted();
  const error = new TandemError('LOCAL_SPEECH_FAILED', 'It stopped.');
  rig.engine.isHolding = true;
  rig.engine.failure = error;
  rig.engine.hear('what are your opening hours');
  await settle();
  rig.engine.release();
  await settle();
  rig.engine.listener?.onFailure(error);
  rig.session.say('Hello?', 'x');
  await settle();
  const failed = rig.events.flatMap((event) => (event.type === 'failed' ? [event.error] : []));
  assert.deepEqual(failed, [error]);
  assert.equal(rig.kinds().at(-1), 'failed');
});

test('the ids of local sessions are unique', async () => {
  const ids = async (): Promise<string[]> => {
    const rig = openLocal();
    await settle();
    rig.session.close();
    return rig.events.flatMap((event) => (event.type === 'item-done' ? [event.itemId, event.responseId] : []));
  };
  assert.equal(new Set([...(await ids()), ...(await ids())]).size, 4);
});

test('an error while a local session handles what the engine heard fails that session and not the engine', async () => {
  const rig = await greeted();
  rig.onEvent = ({ type }) => {
    if (type === 'caller-text') throw new Error('in the owner');
  };
  rig.engine.hear('hello');
  assert.equal(rig.kinds().at(-1), 'failed');
  assert.equal(rig.engine.isListening, false);
});
