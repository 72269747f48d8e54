import assert from 'node:assert/strict';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { greeted, openLocal, settle } from '../../../test/support/local-rig.js';
import { until } from '../../../test/support/rig.js';

test('a sentence that was being synthesised when the caller spoke is dropped', async () => {
  const rig = await greeted();
  rig.engine.isHolding = true;
  rig.engine.hear('what are your opening hours');
  await settle();
  rig.engine.listener?.onSpeechStarted();
  const done = rig.events.find((event) => event.type === 'response-done');
  assert.equal(done?.type === 'response-done' && done.status, 'cancelled');
  const before = rig.events.length;
  rig.engine.release();
  await settle();
  assert.equal(rig.events.length, before);
  assert.deepEqual(rig.texts(), []);
  rig.session.close();
});

test('an answer that noise cut off before it began is given after the noise', async () => {
  const rig = await greeted();
  rig.engine.isHolding = true;
  rig.engine.hear('what are your opening hours');
  await settle();
  rig.engine.isHolding = false;
  rig.engine.hear('');
  rig.engine.release();
  await settle();
  assert.match(rig.texts().join(' '), /^We are open Monday/);
  rig.session.close();
});

test('an answer that noise cuts off in the middle goes on with the sentence that was not heard whole', async () => {
  const rig = await greeted();
  let heardItems = 1;
  // The caller has heard `heardItems` of the sentences, and half of the next one.
  rig.onEvent = ({ type }) => {
    if (type !== 'interruption') return;
    const items = rig.events.flatMap((event) => (event.type === 'item-done' ? [event.itemId] : []));
    const cut = items.slice(heardItems).map((itemId, at) => ({ itemId, heardMs: at === 0 ? 250 : 0, sentMs: 500 }));
    rig.session.reportHeard(cut);
  };
  rig.engine.hear('what are your opening hours');
  await settle();
  const whole = rig.texts();
  assert.equal(whole.length, 3);
  rig.engine.hear('');
  await settle();
  assert.deepEqual(rig.texts().slice(3), whole.slice(1), 'all was sent, and still played');

  rig.engine.isHolding = true;
  heardItems = 4;
  rig.engine.hear('');
  await settle();
  rig.engine.hear('');
  rig.engine.isHolding = false;
  rig.engine.release();
  await settle();
  assert.deepEqual(rig.texts().slice(5), whole.slice(2), 'it was cut off before its first sound');

  rig.engine.hear('');
  rig.engine.hear('repeat that');
  await settle();
  assert.deepEqual(rig.texts().slice(6), whole, 'words are answered, and end what was owed');
  rig.session.close();
  assert.equal(rig.clock.timers, 0);
});

test('a noise without end does not repeat an answer without end', async () => {
  const rig = await greeted();
  rig.onEvent = ({ type }) => {
    if (type !== 'interruption') return;
    const last = rig.events.findLast((event) => event.type === 'item-done');
    if (last?.type === 'item-done') rig.session.reportHeard([{ itemId: last.itemId, heardMs: 0, sentMs: 500 }]);
  };
  rig.engine.hear('what are your opening hours');
  await settle();
  const [, , lastSentence] = rig.texts();
  for (let time = 0; time < 4; time++) {
    rig.engine.hear('');
    await settle();
  }
  assert.deepEqual(rig.texts().slice(3), [lastSentence, lastSentence, lastSentence]);
  rig.engine.hear('');
  await settle();
  assert.match(rig.texts().at(-1) ?? '', /You can ask me/, 'the caller is asked');
  rig.session.close();
});

test('keys and commands of the owner leave nothing owed', async () => {
  const rig = await greeted();
  rig.engine.hear('what are your opening hours');
  await settle();
  rig.session.cancel();
  const items = rig.events.flatMap((event) => (event.type === 'item-done' ? [event.itemId] : []));
  rig.session.reportHeard(items.map((itemId) => ({ itemId, heardMs: 0, sentMs: 500 })));
  rig.engine.hear('');
  await settle();
  assert.equal(rig.texts().length, 3);
  rig.session.close();
});

test('a local session reports an interruption only while something may be playing', async () => {
  const rig = await greeted({ greeting: undefined });
  rig.engine.hear('what are your opening hours');
  assert.ok(!rig.kinds().includes('interruption'));
  await settle();
  rig.engine.listener?.onSpeechStarted();
  assert.equal(rig.kinds().at(-1), 'interruption');
  rig.session.close();
});

test('a local session does not answer if its owner takes over when it hears the text', async () => {
  const rig = await greeted();
  rig.onEvent = (event) => {
    if (event.type !== 'caller-text') return;
    rig.session.cancel();
    rig.session.say('I am connecting you. One moment.', 'goodbye');
  };
  rig.engine.hear('what are your opening hours');
  await settle();
  assert.deepEqual(rig.texts(), ['I am connecting you.', 'One moment.']);
  const done = rig.events.at(-1);
  assert.deepEqual(done?.type === 'response-done' && [done.sayId, done.status], ['goodbye', 'completed']);
  rig.session.close();
});

test('a local session speaks a line after a cancelled answer, and the caller cannot cut it', async () => {
  const rig = await greeted();
  rig.engine.isHolding = true;
  rig.engine.hear('what are your opening hours');
  await settle();
  rig.session.cancel();
  rig.session.say('One moment.', 'line');
  await settle();
  rig.engine.listener?.onSpeechStarted();
  rig.engine.release();
  await settle();
  assert.deepEqual(rig.texts(), ['One moment.']);
  const ends = rig.events.flatMap((event) => (event.type === 'response-done' ? [[event.sayId, event.status]] : []));
  assert.deepEqual(ends, [
    [undefined, 'cancelled'],
    ['line', 'completed'],
  ]);
  rig.session.close();
});

test('a local session stops within an item if its owner cancels when it receives a piece', async () => {
  const rig = await greeted();
  rig.onEvent = (event) => {
    if (event.type === 'audio') rig.session.cancel();
  };
  rig.engine.hear('what are your opening hours');
  await settle();
  assert.equal(rig.kinds().filter((kind) => kind === 'audio').length, 1);
  assert.equal(rig.kinds().at(-1), 'response-done');
  rig.session.close();
});

test('a line of the owner passes an answer that has not begun, and the answer follows whole', async () => {
  let answer: ServerResponse | undefined;
  const server = createServer((request, response) => {
    request.resume();
    answer = response;
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const rig = openLocal({ greeting: undefined }, `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`);
  try {
    await settle();
    rig.engine.hear('where is my order');
    await until(() => answer !== undefined, 'the request');
    rig.session.say('Just a second. I am looking.', 'filler');
    await until(() => rig.texts().length === 2, 'the line');
    rig.engine.isHolding = true;
    rig.session.say('Still looking.', 'filler-2');
    answer?.end('data: {"choices":[{"delta":{"content":"It is in Oslo. Soon."},"finish_reason":"stop"}]}\n\n');
    await until(() => rig.engine.spoken.includes('It is in Oslo.'), 'the answer');
    rig.engine.isHolding = false;
    rig.engine.release();
    await until(() => rig.texts().length === 5, 'everything');
    assert.deepEqual(rig.texts(), ['Just a second.', 'I am looking.', 'Still looking.', 'It is in Oslo.', 'Soon.']);
    const ends = rig.events.flatMap((event) => (event.type === 'response-done' ? [[event.sayId, event.status]] : []));
    assert.deepEqual(ends, [
      ['filler', 'completed'],
      ['filler-2', 'completed'],
      [undefined, 'completed'],
    ]);
  } finally {
    rig.session.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});
