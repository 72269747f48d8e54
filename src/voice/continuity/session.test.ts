import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { frame, gone, greets, lines, rigOf, settle, silent } from '../../../test/support/continuity-rig.js';
import { ScriptedProvider, type ScriptedSession } from '../../../test/support/scripted-provider.js';

describe('a session that is lost', () => {
  test('and owes nothing is replaced without a word', async () => {
    const model = new ScriptedProvider('a', greets);
    const { clock, kinds, log, session, texts } = rigOf([model]);
    await settle();
    model.last.emit(gone());
    clock.advance(0);
    await settle();
    assert.equal(model.sessions.length, 2);
    assert.equal(model.last.options.greeting, undefined);
    assert.equal(model.last.options.answersLast, false);
    assert.equal(model.sessions[0]?.isClosed, true);
    session.sendAudio(frame(7));
    assert.equal(model.last.callerBytes, 160);
    assert.deepEqual(texts(), ['Hello.']);
    assert.equal(kinds().filter((type) => type === 'ready').length, 1);
    assert.deepEqual(log, ['lost a VOICE_UNREACHABLE']);
    session.close();
    assert.equal(clock.timers, 0);
  });

  test('before it answered is followed by one that answers', async () => {
    const model = new ScriptedProvider('a', greets);
    const { clock, session } = rigOf([model]);
    await settle();
    model.last.callerSays('Where is my order?');
    model.last.emit(gone());
    clock.advance(0);
    assert.equal(model.last.options.answersLast, true);
    assert.equal(model.last.options.greeting, undefined);
    assert.equal(model.last.options.conversation.turns.at(-1)?.text, 'Where is my order?');
    session.close();
  });

  test('in the middle of an answer says so, and its owner gets the ends of what was begun', async () => {
    const model = new ScriptedProvider('a', greets);
    const { clock, events, session } = rigOf([model]);
    await settle();
    model.last.callerSays('Where is my order?');
    model.last.emit({ type: 'response-started', responseId: 'r', sayId: undefined });
    model.last.emit({ type: 'audio', responseId: 'r', itemId: 'i', chunk: frame(1) });
    model.last.emit(gone());
    assert.deepEqual(events.slice(-2), [
      { type: 'item-done', responseId: 'r', itemId: 'i' },
      { type: 'response-done', responseId: 'r', sayId: undefined, status: 'failed' },
    ]);
    clock.advance(0);
    assert.equal(model.last.options.greeting, lines.takenOver);
    assert.equal(model.last.options.answersLast, true, 'the answer is given again');
    session.close();
  });

  test('in the middle of an answer says so, even if it began the answer anew and nothing came of that', async () => {
    const model = new ScriptedProvider('a', greets);
    const { clock, session } = rigOf([model]);
    await settle();
    model.last.callerSays('Where is my order?');
    model.last.emit({ type: 'response-started', responseId: 'r', sayId: undefined });
    model.last.emit({ type: 'audio', responseId: 'r', itemId: 'i', chunk: frame(1) });
    for (const responseId of ['r', 's']) {
      if (responseId === 's') model.last.emit({ type: 'response-started', responseId, sayId: undefined });
      model.last.emit({ type: 'response-done', responseId, sayId: undefined, status: 'failed' });
    }
    model.last.emit(gone());
    clock.advance(0);
    assert.equal(model.last.options.greeting, lines.takenOver);
    assert.equal(model.last.options.answersLast, true);
    session.close();
  });

  test('in the middle of an answer says so, even if it ended the answer itself before it was lost', async () => {
    const model = new ScriptedProvider('a', greets);
    const { clock, session } = rigOf([model]);
    await settle();
    model.last.emit({ type: 'response-started', responseId: 'r', sayId: undefined });
    model.last.emit({ type: 'audio', responseId: 'r', itemId: 'i', chunk: frame(1) });
    model.last.emit({ type: 'item-done', responseId: 'r', itemId: 'i' });
    model.last.emit({ type: 'response-done', responseId: 'r', sayId: undefined, status: 'failed' });
    model.last.emit(gone());
    clock.advance(0);
    assert.equal(model.last.options.greeting, lines.takenOver);
    session.close();
  });

  test('before its first word is replaced by one that greets', async () => {
    const model = new ScriptedProvider('a', silent);
    const { clock, session } = rigOf([model]);
    await settle();
    model.last.emit(gone());
    clock.advance(0);
    assert.equal(model.last.options.greeting, 'Hello.');
    session.close();
  });

  test('while the caller speaks is replaced by one that hears the utterance from its beginning', async () => {
    const model = new ScriptedProvider('a', greets);
    const { clock, session } = rigOf([model]);
    await settle();
    for (let value = 0; value < 40; value++) session.sendAudio(frame(value));
    model.last.emit({ type: 'caller-speech-started' });
    for (let value = 40; value < 50; value++) session.sendAudio(frame(value));
    model.last.emit(gone());
    session.sendAudio(frame(50));
    clock.advance(0);
    session.sendAudio(frame(51));
    const values = model.last.audio.map(({ bytes }) => bytes[0]);
    assert.deepEqual(values.slice(-13), [39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51]);
    assert.ok(values.length >= 42, 'what was said before speech was noticed belongs to it');
    session.close();
  });

  test('takes the result of its tool with it: the next one calls the tool itself', async () => {
    const model = new ScriptedProvider('a', greets);
    const { clock, session } = rigOf([model]);
    await settle();
    model.last.callerSays('Where is my order?');
    model.last.emit({ type: 'tool-call', toolCallId: 't1', name: 'x', arguments: {} });
    model.last.emit(gone());
    clock.advance(0);
    await settle();
    session.sendToolResult('t1', {});
    assert.deepEqual(model.last.toolResults, []);
    assert.equal(model.last.options.answersLast, true);
    session.close();
  });

  test('has keys and text asked again', async () => {
    const model = new ScriptedProvider('a', greets);
    const { clock, session } = rigOf([model]);
    await settle();
    session.sendDigits('4711');
    model.last.emit(gone());
    session.sendDigits('#');
    clock.advance(0);
    await settle();
    assert.deepEqual(model.last.texts, ['4711', '#']);
    model.last.speak('Thank you.', 100);
    clock.advance(10_000);
    model.last.emit(gone());
    clock.advance(0);
    assert.deepEqual(model.last.texts, []);
    session.close();
  });

  test('with a line of the owner unsaid says so, and one asked for meanwhile too', async () => {
    const model = new ScriptedProvider('a', greets);
    const { events, session } = rigOf([model]);
    await settle();
    model.last.isMute = true;
    session.say('Goodbye.', 's1');
    model.last.emit(gone());
    session.say('Goodbye.', 's2');
    await settle();
    const failed = events.flatMap((event) =>
      event.type === 'response-done' && event.status === 'failed' ? [event.sayId] : [],
    );
    assert.deepEqual(failed, ['s1', 's2']);
    session.close();
  });

  test('while it owed something is lost once: the one after it is left alone', async () => {
    const model = new ScriptedProvider('a', greets);
    const { clock, log, session } = rigOf([model]);
    await settle();
    model.last.isMute = true;
    session.say('Are you there?', 's1');
    session.sendDigits('1');
    clock.advance(1000);
    model.last.emit(gone());
    clock.advance(0);
    await settle();
    model.last.speak('Thank you.', 100);
    clock.advance(30_000);
    await settle();
    assert.deepEqual(log, ['lost a VOICE_UNREACHABLE']);
    assert.equal(model.sessions.length, 2);
    session.close();
    assert.equal(clock.timers, 0);
  });

  test('with a line of the owner half said has the next one said without a model, where that can be done', async () => {
    for (const speech of [new Uint8Array(3200), undefined]) {
      const model = new ScriptedProvider('a', greets);
      const { clock, events, session, texts } = rigOf([model], () => Promise.resolve(speech));
      await settle();
      model.last.isMute = true;
      session.say('Are you there?', 's1');
      model.last.emit({ type: 'response-started', responseId: 'r', sayId: 's1' });
      model.last.emit({ type: 'audio', responseId: 'r', itemId: 'i', chunk: frame(1) });
      model.last.emit(gone());
      clock.advance(0);
      await settle();
      session.say('Are you there?', 's2');
      await settle();
      const isOwn = speech !== undefined;
      assert.deepEqual(model.last.said, isOwn ? [] : ['Are you there?']);
      assert.deepEqual(
        events.flatMap((event) => (event.type === 'response-done' && event.sayId !== undefined ? [event.status] : [])),
        ['failed', 'completed'],
      );
      clock.advance(isOwn ? 10_000 : 0);
      await settle();
      assert.equal(texts().includes(lines.oneMoment), false, 'they wait for nothing');
      session.say('Goodbye.', 's3');
      assert.equal(model.last.said.at(-1), 'Goodbye.', 'that came out: the model says the next one');
      session.close();
    }
  });

  for (const who of ['caller', 'model'] as const)
    test(`with a line unsaid has nothing said in its place once the ${who} speaks`, async () => {
      const model = new ScriptedProvider('a', greets);
      const { clock, events, session, texts } = rigOf([model], () => Promise.resolve(new Uint8Array(3200)));
      await settle();
      model.last.isMute = true;
      session.say('Are you there?', 's1');
      model.last.emit(gone());
      clock.advance(0);
      await settle();
      session.say('Are you there?', 's2');
      if (who === 'caller') model.last.callerSays('Yes.');
      else model.last.speak('Here I am again.', 100);
      await settle();
      assert.equal(texts().includes('Are you there?'), false);
      const ended = events.flatMap((event) =>
        event.type === 'response-done' && event.sayId !== undefined ? [[event.sayId, event.status]] : [],
      );
      assert.deepEqual(ended, [
        ['s1', 'failed'],
        ['s2', 'cancelled'],
      ]);
      session.close();
    });

  test('is tried again with a growing pause, then given up: the owner is told once', async () => {
    const model = new ScriptedProvider('a', greets);
    const { clock, events, log } = rigOf([model]);
    await settle();
    model.onOpen = (session) => session.emit(gone());
    model.isSlow = true;
    model.last.emit(gone());
    for (const delayMs of [0, 400, 1200]) {
      const before = model.sessions.length;
      clock.advance(delayMs - 1);
      assert.equal(model.sessions.length, before);
      clock.advance(1);
      await settle();
      assert.equal(model.sessions.length, before + 1);
    }
    clock.advance(60_000);
    await settle();
    assert.equal(events.filter(({ type }) => type === 'failed').length, 1);
    assert.equal(events.at(-1)?.type, 'failed');
    assert.equal(log.length, 4);
    assert.equal(clock.timers, 0);
  });

  test('is filled with a short line when the caller waits, and with none when they do not', async () => {
    for (const waits of [true, false]) {
      const model = new ScriptedProvider('a', greets);
      const { clock, session, texts } = rigOf([model], () => Promise.resolve(new Uint8Array(3200)));
      await settle();
      if (waits) model.last.callerSays('Where is my order?');
      model.isSlow = true;
      model.onOpen = silent;
      model.last.emit(gone());
      clock.advance(1199);
      await settle();
      assert.deepEqual(texts(), ['Hello.']);
      clock.advance(1);
      await settle();
      assert.deepEqual(texts(), waits ? ['Hello.', 'One moment.'] : ['Hello.']);
      session.close();
      assert.equal(clock.timers, 0);
    }
  });
});

describe('a provider that is lost', () => {
  test('is followed by the next one, with the conversation and one short line', async () => {
    const [a, b] = [new ScriptedProvider('a', greets), new ScriptedProvider('b', greets)];
    const { clock, log, session, texts } = rigOf([a, b]);
    await settle();
    a.last.callerSays('Where is my order?');
    a.last.emit(gone('VOICE_REFUSED'));
    clock.advance(0);
    await settle();
    assert.deepEqual(log, ['lost a VOICE_REFUSED', 'a to b']);
    assert.equal(b.last.options.answersLast, true);
    assert.deepEqual(texts(), ['Hello.', lines.takenOver]);
    session.close();
  });

  test('is followed by one that is lost before it has said so: the one after it does', async () => {
    const [a, b] = [new ScriptedProvider('a', greets), new ScriptedProvider('b', silent)];
    const { clock, log, session, texts } = rigOf([a, b]);
    await settle();
    a.last.emit(gone('VOICE_REFUSED'));
    clock.advance(0);
    await settle();
    b.last.emit(gone());
    b.onOpen = greets;
    clock.advance(1000);
    await settle();
    assert.deepEqual(log, ['lost a VOICE_REFUSED', 'a to b', 'lost b VOICE_UNREACHABLE']);
    assert.deepEqual(texts(), ['Hello.', lines.takenOver]);
    session.close();
  });

  test('is passed over by the next call for a while, and tried again after that', async () => {
    const [a, b] = [new ScriptedProvider('a', greets), new ScriptedProvider('b', greets)];
    const { clock, open, session } = rigOf([a, b]);
    await settle();
    a.last.emit(gone('VOICE_THROTTLED'));
    clock.advance(0);
    session.close();
    open().close();
    assert.deepEqual([a.sessions.length, b.sessions.length], [1, 2]);
    clock.advance(15_000);
    open().close();
    assert.deepEqual([a.sessions.length, b.sessions.length], [2, 2]);
  });

  test('is not needed by a call that never hears of it: the second one greets', async () => {
    const a = new ScriptedProvider('a', (session) => session.emit(gone('VOICE_REFUSED')));
    a.isSlow = true;
    const b = new ScriptedProvider('b', greets);
    const { clock, session, texts } = rigOf([a, b]);
    await settle();
    clock.advance(0);
    await settle();
    assert.deepEqual(texts(), ['Hello.']);
    session.close();
  });

  test('and all others too ends in one failure, whatever is said to it afterwards', async () => {
    const refuse = (session: ScriptedSession): void => session.emit(gone('VOICE_REFUSED'));
    const refusing = (name: string): ScriptedProvider => {
      const provider = new ScriptedProvider(name, refuse);
      provider.isSlow = true;
      return provider;
    };
    const providers: [ScriptedProvider, ...ScriptedProvider[]] = [refusing('a'), refusing('b'), refusing('c')];
    const { clock, events, session } = rigOf(providers);
    for (let i = 0; i < 4; i++) {
      await settle();
      clock.advance(0);
    }
    assert.deepEqual(
      providers.map(({ sessions }) => sessions.length),
      [1, 1, 1],
    );
    assert.equal(events.filter(({ type }) => type === 'failed').length, 1);
    session.say('x', 'x');
    session.sendDigits('1');
    session.sendAudio(frame(0));
    assert.equal(events.at(-1)?.type, 'failed');
    assert.equal(clock.timers, 0);
  });
});

describe('providers that are lost again and again', () => {
  test('are not asked for ever: the owner is told in the end', async () => {
    const fails = (session: ScriptedSession): void => {
      greets(session);
      session.emit(gone());
    };
    const { clock, events } = rigOf([new ScriptedProvider('a', fails), new ScriptedProvider('b', fails)]);
    for (let i = 0; i < 40; i++) {
      await settle();
      clock.advance(500);
    }
    assert.equal(events.at(-1)?.type, 'failed');
    assert.equal(clock.timers, 0);
  });

  test('but one that lasted is tried as before', async () => {
    const model = new ScriptedProvider('a', greets);
    const { clock, events, session } = rigOf([model]);
    for (let i = 0; i < 10; i++) {
      await settle();
      clock.advance(10_000);
      model.last.emit(gone());
      clock.advance(0);
    }
    assert.equal(
      events.some(({ type }) => type === 'failed'),
      false,
    );
    assert.equal(model.sessions.length, 11);
    session.close();
  });
});
