import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AudioChunk, MULAW_SILENCE } from '../../audio/chunk.js';
import { mulawRms } from '../../audio/level.js';
import { SILENCE_BUDGET } from '../../base/silence-budget.js';
import { frame, gone, greets, lines, rigOf, settle, silent } from '../../../test/support/continuity-rig.js';
import { ScriptedProvider } from '../../../test/support/scripted-provider.js';

const ANSWER_MS = SILENCE_BUDGET.answerMs;

test('a session that does not become ready within 6 s is given up', async () => {
  const model = new ScriptedProvider('a', silent);
  model.isSlow = true;
  const { clock, log, session } = rigOf([model]);
  clock.advance(5999);
  assert.deepEqual(log, []);
  clock.advance(1);
  assert.deepEqual(log, ['lost a VOICE_STALLED']);
  session.close();
});

test('a silent model has stalled only if it owes an answer and does not wait for a tool', async () => {
  const model = new ScriptedProvider('a', greets);
  const { clock, log, session } = rigOf([model]);
  await settle();
  clock.advance(120_000);
  model.last.emit({ type: 'tool-call', toolCallId: 't', name: 'x', arguments: {} });
  clock.advance(60_000);
  assert.deepEqual(log, []);
  session.sendToolResult('t', {});
  clock.advance(ANSWER_MS - 1);
  model.last.speak('Found it.', 100);
  clock.advance(60_000);
  assert.deepEqual(log, []);
  model.last.callerSays('And my other order?');
  clock.advance(ANSWER_MS - 1);
  assert.deepEqual(log, []);
  clock.advance(1);
  assert.deepEqual(log, ['lost a VOICE_STALLED']);
  session.close();
  assert.equal(clock.timers, 0);
});

test('a caller to whom the model says a line at once waits for nothing and hears nothing more', async () => {
  const model = new ScriptedProvider('a', greets);
  const { clock, kinds, session, texts } = rigOf([model]);
  await settle();
  session.say('Are you still there?', 's');
  assert.equal(session.callerWaitsMs, 0);
  const heard = kinds().length;
  clock.advance(60_000);
  await settle();
  assert.deepEqual(texts(), ['Hello.', 'Are you still there?']);
  assert.equal(kinds().length, heard);
  session.close();
});

test('a silent model has not stalled after the owner cancelled the answer', async () => {
  const model = new ScriptedProvider('a', greets);
  const { clock, log, session } = rigOf([model]);
  await settle();
  model.last.emit({ type: 'caller-turn', itemId: 'c1' });
  session.cancel();
  clock.advance(60_000);
  assert.deepEqual(log, []);
  session.close();
});

test('a model from which nothing more is expected may be silent, and a caller who then speaks waits again', async () => {
  const model = new ScriptedProvider('a', greets);
  const { clock, log, session, texts } = rigOf([model], () => Promise.resolve(new Uint8Array(800)));
  await settle();
  model.last.emit({ type: 'tool-call', toolCallId: 't', name: 'end_call', arguments: {} });
  session.sendToolResult('t', { status: 'ok' });
  session.expectsNothing?.();
  clock.advance(60_000);
  await settle();
  assert.deepEqual([log, texts().includes(lines.oneMoment)], [[], false]);
  model.last.callerSays('One more thing.');
  clock.advance(4000);
  await settle();
  assert.ok(texts().includes(lines.oneMoment));
  clock.advance(4000);
  assert.deepEqual(log, ['lost a VOICE_STALLED']);
  session.close();
});

test('a silent model is covered by one line before it is given up, and an answer in time needs no line', async () => {
  const model = new ScriptedProvider('a', greets);
  const { clock, session, texts } = rigOf([model], () => Promise.resolve(new Uint8Array(800)));
  await settle();
  model.last.callerSays('What do you cost?');
  clock.advance(3100);
  model.last.speak('Nothing.', 100);
  clock.advance(30_000);
  await settle();
  assert.deepEqual(texts(), ['Hello.', 'Nothing.']);
  model.last.callerSays('Really?');
  clock.advance(3199);
  await settle();
  assert.deepEqual(texts(), ['Hello.', 'Nothing.']);
  clock.advance(1);
  await settle();
  assert.deepEqual(texts(), ['Hello.', 'Nothing.', 'One moment.']);
  clock.advance(900);
  await settle();
  model.last.speak('Yes.', 100);
  assert.deepEqual(texts(), ['Hello.', 'Nothing.', 'One moment.', 'Yes.']);
  assert.equal(model.sessions.length, 1);
  session.close();
  assert.equal(clock.timers, 0);
});

test('a model that stops in the middle of an answer is covered by a line once its audio has played', async () => {
  const model = new ScriptedProvider('a', greets);
  const { clock, playing, session, texts } = rigOf([model], () => Promise.resolve(new Uint8Array(800)));
  await settle();
  model.last.emit({ type: 'response-started', responseId: 'r', sayId: undefined });
  model.last.emit({ type: 'audio', responseId: 'r', itemId: 'i', chunk: frame(1) });
  playing.value = true;
  clock.advance(5000);
  await settle();
  assert.deepEqual(texts(), ['Hello.']);
  playing.value = false;
  clock.advance(500);
  await settle();
  assert.deepEqual(texts(), ['Hello.', 'One moment.']);
  session.close();
  assert.equal(clock.timers, 0);
});

test('a caller who waits for a tool that never answers hears "one moment" five times at most', async () => {
  const model = new ScriptedProvider('a', greets);
  const { clock, session, texts } = rigOf([model], () => Promise.resolve(new Uint8Array(800)));
  await settle();
  model.last.callerSays('Where is my order?');
  model.last.emit({ type: 'tool-call', toolCallId: 't', name: 'x', arguments: {} });
  for (let seconds = 0; seconds < 60; seconds++) {
    clock.advance(1000);
    await settle();
  }
  assert.deepEqual(texts(), ['Hello.', ...Array.from({ length: 5 }, () => 'One moment.')]);
  session.close();
  assert.equal(clock.timers, 0);
});

for (const isSlow of [true, false]) {
  test(`a model that is ${isSlow ? 'not ready' : 'ready'} and does not speak its first line is covered soon, because the caller may have waited before`, async () => {
    const model = new ScriptedProvider('a', silent);
    model.isSlow = isSlow;
    const say = (): Promise<Uint8Array> => Promise.resolve(new Uint8Array(800));
    const { clock, session, texts } = rigOf([model], say, { greeting: undefined, callerWaitsMs: 300 });
    await settle();
    model.last.isMute = true;
    clock.advance(2700);
    session.say('Are you still there?', 's');
    clock.advance(700);
    await settle();
    assert.deepEqual(texts(), [], 'the model has a moment to speak');
    clock.advance(300);
    await settle();
    assert.deepEqual(texts(), ['One moment.']);
    session.close();
  });
}

test('a model that falls silent in the middle of an answer has stalled', async () => {
  const model = new ScriptedProvider('a', greets);
  const { clock, log, session } = rigOf([model]);
  await settle();
  model.last.emit({ type: 'response-started', responseId: 'r', sayId: undefined });
  model.last.emit({ type: 'audio', responseId: 'r', itemId: 'i', chunk: frame(1) });
  clock.advance(10_000);
  assert.deepEqual(log, ['lost a VOICE_STALLED']);
  session.close();
});

const silence = AudioChunk.fromBytes('mulaw', 8000, new Uint8Array(1600).fill(MULAW_SILENCE));
for (const sound of ['no sound', 'digital silence', 'half a sentence'] as const)
  test(`a model whose answer ends with ${sound} and that begins no other is replaced soon`, async () => {
    const model = new ScriptedProvider('a', greets);
    const { clock, kinds, log, session } = rigOf([model]);
    await settle();
    const before = kinds().filter((type) => type === 'audio').length;
    model.last.callerSays('Where is my order?');
    model.last.emit({ type: 'response-started', responseId: 'r', sayId: undefined });
    const chunk = sound === 'half a sentence' ? frame(1) : silence;
    if (sound !== 'no sound') model.last.emit({ type: 'audio', responseId: 'r', itemId: 'i', chunk });
    const status = sound === 'half a sentence' ? 'incomplete' : 'completed';
    model.last.emit({ type: 'response-done', responseId: 'r', sayId: undefined, status });
    const heard = kinds().filter((type) => type === 'audio').length - before;
    assert.equal(heard, sound === 'half a sentence' ? 1 : 0, 'silence is not played');
    clock.advance(2499);
    assert.deepEqual(log, []);
    clock.advance(1);
    assert.deepEqual(log, ['lost a VOICE_STALLED']);
    clock.advance(0);
    assert.equal(model.last.options.answersLast, true);
    session.close();
    assert.equal(clock.timers, 0);
  });

test('a model that begins another answer after an empty one is left alone', async () => {
  const model = new ScriptedProvider('a', greets);
  const { clock, kinds, log, session } = rigOf([model]);
  await settle();
  model.last.callerSays('Where is my order?');
  model.last.emit({ type: 'response-started', responseId: 'r', sayId: undefined });
  model.last.emit({ type: 'response-done', responseId: 'r', sayId: undefined, status: 'failed' });
  clock.advance(1000);
  model.last.emit({ type: 'response-started', responseId: 's', sayId: undefined });
  clock.advance(2000);
  const before = kinds().length;
  model.last.emit({ type: 'audio', responseId: 's', itemId: 'i', chunk: silence });
  model.last.emit({ type: 'audio', responseId: 's', itemId: 'i', chunk: frame(1) });
  assert.equal(kinds().length, before + 2, 'silence before a sound is passed on');
  model.last.emit({ type: 'response-done', responseId: 's', sayId: undefined, status: 'completed' });
  clock.advance(60_000);
  assert.deepEqual(log, []);
  session.close();
});

for (const [what, ignores] of [
  ['answers nothing', false],
  ['does not even notice the caller', true],
] as const)
  test(`when every model ${what}, each is replaced within 5 s and an agent is asked for within 10 s of the last word`, async () => {
    const [a, b] = [new ScriptedProvider('a', greets), new ScriptedProvider('b', silent)];
    const { clock, events, line, log, session } = rigOf([a, b]);
    await settle();
    await line(0, 1000);
    await line(5000, 1000);
    if (!ignores) a.last.callerSays('Where is my order?');
    await line(0, 4980);
    assert.deepEqual(log, ['lost a VOICE_STALLED', 'a to b']);
    await line(0, 5000);
    assert.equal(events.at(-1)?.type, 'failed');
    assert.equal(clock.timers, 0);
    session.close();
  });

test('a session that takes its time to open is given up when the time of the outage is over', async () => {
  const [a, b] = [new ScriptedProvider('a', greets), new ScriptedProvider('b', silent)];
  b.isSlow = true;
  const { clock, events, session } = rigOf([a, b]);
  await settle();
  a.last.callerSays('Where is my order?');
  clock.advance(ANSWER_MS);
  await settle();
  clock.advance(4000);
  b.last.emit({ type: 'ready' });
  clock.advance(SILENCE_BUDGET.failoverTotalMs - ANSWER_MS - 4001);
  assert.notEqual(events.at(-1)?.type, 'failed');
  clock.advance(1);
  assert.equal(events.at(-1)?.type, 'failed');
  assert.equal(clock.timers, 0);
  session.close();
});

for (const [voice, speakLine] of [
  ['has no voice for the language', () => Promise.resolve(undefined)],
  ['cannot synthesise the line', () => Promise.reject(new Error('No engine.'))],
  ['does not get the line in time', () => new Promise<undefined>(() => undefined)],
] as const)
  test(`a waiting caller hears a soft tone without words if the gateway ${voice}`, async () => {
    const model = new ScriptedProvider('a', greets);
    const { clock, events, session, texts } = rigOf([model], speakLine);
    await settle();
    const heard = (): AudioChunk[] => events.flatMap((event) => (event.type === 'audio' ? [event.chunk] : []));
    const before = heard().length;
    model.last.callerSays('Wo ist meine Bestellung?');
    clock.advance(SILENCE_BUDGET.oneMomentAfterMs);
    await settle();
    clock.advance(4500 - SILENCE_BUDGET.oneMomentAfterMs);
    await settle();
    const tone = Buffer.concat(
      heard()
        .slice(before)
        .map(({ bytes }) => bytes),
    );
    assert.ok(mulawRms(tone) > 300, 'it can be heard');
    assert.ok(mulawRms(tone) < 2000, 'it is soft');
    assert.deepEqual(texts(), ['Hello.'], 'the conversation does not have it');
    assert.equal(events.at(-1)?.type, 'response-done');
    session.close();
    assert.equal(clock.timers, 0);
  });

test('a session that follows an idle one has its whole time for the first question', async () => {
  const model = new ScriptedProvider('a', greets);
  const { clock, log, session } = rigOf([model]);
  await settle();
  model.last.emit(gone());
  clock.advance(0);
  await settle();
  clock.advance(8000);
  model.last.callerSays('Where is my order?');
  clock.advance(ANSWER_MS - 1);
  assert.deepEqual(log, ['lost a VOICE_UNREACHABLE']);
  session.close();
});
