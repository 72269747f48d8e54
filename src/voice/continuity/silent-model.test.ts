import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { frame, gone, greets, rigOf, settle, silent } from '../../../test/support/continuity-rig.js';
import { ScriptedProvider } from '../../../test/support/scripted-provider.js';

describe('a model that gives no sign', () => {
  test('of life when it is opened is given up after some seconds', async () => {
    const model = new ScriptedProvider('a', silent);
    model.isSlow = true;
    const { clock, log, session } = rigOf([model]);
    clock.advance(7999);
    assert.deepEqual(log, []);
    clock.advance(1);
    assert.deepEqual(log, ['lost a VOICE_STALLED']);
    session.close();
  });

  test('while it owes an answer has stalled; one that owes nothing has not, nor one that waits for a tool', async () => {
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

  test('after its owner wanted no answer any more has not stalled', async () => {
    const model = new ScriptedProvider('a', greets);
    const { clock, log, session } = rigOf([model]);
    await settle();
    model.last.emit({ type: 'caller-turn', itemId: 'c1' });
    session.cancel();
    clock.advance(60_000);
    assert.deepEqual(log, []);
    session.close();
  });

  test('of having heard the caller is replaced once; if the next one is as silent, it was noise', async () => {
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

  test('while the caller waits is covered by a line before it is given up, once, and not when it answers', async () => {
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

  test('in the middle of an answer is covered by the line as soon as what was sent has been heard', async () => {
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

  test('of having heard the caller, not even that they spoke, is known from their audio; the next one hears it', async () => {
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

  test('of having heard the caller, but of life, is left alone', async () => {
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

  test('after it noticed that the caller began to speak is covered too, and the next one hears them', async () => {
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

  test('is lost while the caller speaks: their wait is covered from the moment they stop', async () => {
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
    // The next one hears it all again, from its beginning.
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

  test('has its wait covered from the moment the caller stopped, whatever becomes of its sessions meanwhile', async () => {
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

  test('says a few lines and no more to a caller who waits for a tool that never answers', async () => {
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
    test(`when it is to say its first line is covered soon, ${isSlow ? 'not ready' : 'ready'}: the caller may have waited all along`, async () => {
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
      assert.deepEqual(texts(), [], 'it has a moment to say it');
      clock.advance(300);
      await settle();
      assert.deepEqual(texts(), ['One moment.']);
      session.close();
    });
  }

  test('in the middle of an answer has stalled too', async () => {
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
