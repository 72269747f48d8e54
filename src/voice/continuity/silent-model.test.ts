import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { frame, gone, greets, lines, rigOf, settle, silent } from '../../../test/support/continuity-rig.js';
import { ScriptedProvider } from '../../../test/support/scripted-provider.js';

describe('a model that shows no sign of life', () => {
  test('a session that does not become ready within 8 s is given up', async () => {
    const model = new ScriptedProvider('a', silent);
    model.isSlow = true;
    const { clock, log, session } = rigOf([model]);
    clock.advance(7999);
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
    clock.advance(7_999);
    model.last.speak('Found it.', 100);
    clock.advance(60_000);
    assert.deepEqual(log, []);
    model.last.callerSays('And my other order?');
    clock.advance(7_999);
    assert.deepEqual(log, []);
    clock.advance(1);
    assert.deepEqual(log, ['lost a VOICE_STALLED']);
    session.close();
    assert.equal(clock.timers, 0);
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

  test('a model that ignores speech is replaced once; if the next one ignores it too, it was noise', async () => {
    const model = new ScriptedProvider('a', greets);
    const { clock, log, session } = rigOf([model]);
    await settle();
    const noise = (): void => {
      model.last.emit({ type: 'caller-speech-started' });
      model.last.emit({ type: 'caller-speech-stopped' });
    };
    noise();
    clock.advance(7_999);
    assert.deepEqual(log, []);
    clock.advance(1);
    await settle();
    assert.deepEqual(log, ['lost a VOICE_STALLED']);
    clock.advance(1000);
    await settle();
    for (let i = 0; i < 3; i++) {
      noise();
      clock.advance(20_000);
    }
    assert.equal(model.sessions.length, 2);
    model.last.callerSays('Hello?');
    model.last.speak('Yes?', 100);
    noise();
    clock.advance(10_000);
    assert.equal(log.length, 2);
    session.close();
    assert.equal(clock.timers, 0);
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
    clock.advance(3900);
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

  test("a model that does not notice speech is replaced on the evidence of the caller's audio, which the next one hears", async () => {
    const model = new ScriptedProvider('a', greets);
    const { clock, line, log, session, texts } = rigOf([model], () => Promise.resolve(new Uint8Array(800)));
    await settle();
    await line(0, 1000);
    await line(5000, 1000);
    await line(0, 4000);
    await settle();
    assert.deepEqual(texts(), ['Hello.', 'One moment.'], 'before five seconds are over');
    await line(0, 5000);
    assert.deepEqual(log, ['lost a VOICE_STALLED']);
    await settle();
    assert.equal(model.sessions.length, 2);
    assert.ok(model.last.callerBytes > 8000, 'the question');
    model.last.callerSays('Hello?');
    model.last.speak('Yes?', 100);
    await line(0, 10_000);
    assert.equal(log.length, 1);
    session.close();
    assert.equal(clock.timers, 0);
  });

  test('a model that transcribes the caller while they speak is left alone', async () => {
    const model = new ScriptedProvider('a', greets);
    const { line, log, session } = rigOf([model]);
    await settle();
    await line(5000, 800);
    model.last.emit({ type: 'caller-text', itemId: 'c', text: 'Well', final: false });
    await line(5000, 200);
    await line(0, 19_000);
    assert.deepEqual(log, []);
    session.close();
  });

  test('a model that noticed only the start of speech is covered and replaced, and the next one hears the caller', async () => {
    const model = new ScriptedProvider('a', greets);
    const { clock, line, log, session, texts } = rigOf([model], () => Promise.resolve(new Uint8Array(800)));
    await settle();
    await line(0, 1000);
    await line(5000, 300);
    model.last.emit({ type: 'caller-speech-started' });
    model.last.emit({ type: 'interruption' });
    await line(5000, 1000);
    await line(0, 3500);
    await settle();
    assert.deepEqual(texts(), ['Hello.', 'One moment.'], 'before five seconds are over');
    await line(0, 6000);
    assert.deepEqual(log, ['lost a VOICE_STALLED']);
    await settle();
    assert.ok(model.last.callerBytes > 8000, 'the question');
    session.close();
    assert.equal(clock.timers, 0);
  });

  test('a caller who speaks during an outage has their wait covered from the moment they stop', async () => {
    const model = new ScriptedProvider('a', greets);
    const { clock, line, session, texts } = rigOf([model], () => Promise.resolve(new Uint8Array(800)));
    await settle();
    await line(0, 1000);
    await line(5000, 300);
    model.last.emit({ type: 'caller-speech-started' });
    await line(5000, 300);
    model.isSlow = true;
    model.onOpen = silent;
    model.last.emit(gone());
    await line(5000, 700);
    await line(0, 1500);
    // The next session hears the whole utterance again.
    model.last.emit({ type: 'ready' });
    model.last.emit({ type: 'caller-speech-started' });
    model.last.emit({ type: 'caller-speech-stopped' });
    await line(0, 1500);
    assert.deepEqual(texts(), ['Hello.']);
    await line(0, 500);
    assert.deepEqual(texts(), ['Hello.', 'One moment.']);
    session.close();
    assert.equal(clock.timers, 0);
  });

  test('the wait of a caller is measured from the moment they stopped, across a lost session', async () => {
    const model = new ScriptedProvider('a', greets);
    const { clock, log, session, texts } = rigOf([model], () => Promise.resolve(new Uint8Array(800)));
    await settle();
    model.last.callerSays('Where is my order?');
    clock.advance(2800);
    model.isSlow = true;
    model.onOpen = silent;
    model.last.emit(gone());
    clock.advance(600);
    await settle();
    assert.deepEqual(log, ['lost a VOICE_UNREACHABLE']);
    assert.deepEqual(texts(), ['Hello.', 'One moment.'], 'not counted anew');
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
});
