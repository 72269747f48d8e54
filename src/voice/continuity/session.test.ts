import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { frame, gone, greets, lines, rigOf, settle, silent } from '../../../test/support/continuity-rig.js';
import { ScriptedProvider, type ScriptedSession } from '../../../test/support/scripted-provider.js';
import type { VoiceSession } from '../session.js';

test('a session can write summaries exactly if the model that the caller talks to can', async () => {
  const model = new ScriptedProvider('a', greets);
  const { session } = rigOf([model]);
  await settle();
  const writer = (): VoiceSession['summarize'] => session.summarize;
  assert.equal(writer(), undefined);
  model.last.summarize = () => Promise.resolve('The caller waits.');
  const request = { instructions: '', transcript: '', signal: new AbortController().signal };
  assert.equal(await writer()?.(request), 'The caller waits.');
  model.last.emit(gone());
  await assert.rejects(async () => writer()?.(request), { code: 'VOICE_FAILED' });
  session.close();
});

describe('continuity after a lost session', () => {
  test('a lost session that owes nothing is replaced without a word', async () => {
    const model = new ScriptedProvider('a', greets);
    const { changes, clock, kinds, log, session, texts } = rigOf([model]);
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
    assert.deepEqual(changes, [
      { type: 'connected', provider: 'a', cause: 'start', tookMs: 0, error: undefined },
      { type: 'lost', waitedMs: 0 },
      { type: 'connected', provider: 'a', cause: 'reconnect', tookMs: 0, error: undefined },
      { type: 'replaced', from: 'a', to: 'a', isAwaited: false },
    ]);
    session.close();
    assert.equal(clock.timers, 0);
  });

  test('a session lost before it answered is followed by one that answers', async () => {
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

  test('after a session lost in the middle of an answer, the next one apologises and the owner gets the missing end events', async () => {
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
    assert.equal(model.last.options.answersLast, true, 'the answer is repeated');
    session.close();
  });

  test('the next session apologises for a broken answer, even if the lost one retried it and failed again', async () => {
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

  test('the next session apologises for a broken answer, even if the lost one ended the answer itself', async () => {
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

  test('a session lost before its first word is replaced by one that greets', async () => {
    const model = new ScriptedProvider('a', silent);
    const { clock, session } = rigOf([model]);
    await settle();
    model.last.emit(gone());
    clock.advance(0);
    assert.equal(model.last.options.greeting, 'Hello.');
    session.close();
  });

  test('a session lost while the caller speaks is replaced by one that hears the whole utterance', async () => {
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

  test('a tool result for a lost session is dropped, and the next session calls the tool itself', async () => {
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

  test('digits that a lost session did not answer are sent to the next one', async () => {
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

  test('a line that a lost session did not speak ends as failed, and so does one requested during the outage', async () => {
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

  test('the obligations of a lost session do not make the next one stall', async () => {
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

  test('after a line that broke off, the gateway speaks the next one itself if it has a voice for it', async () => {
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
      const isByGateway = speech !== undefined;
      assert.deepEqual(model.last.said, isByGateway ? [] : ['Are you there?']);
      assert.deepEqual(
        events.flatMap((event) => (event.type === 'response-done' && event.sayId !== undefined ? [event.status] : [])),
        ['failed', 'completed'],
      );
      clock.advance(isByGateway ? 10_000 : 0);
      await settle();
      assert.equal(texts().includes(lines.oneMoment), false, 'the caller waits for nothing');
      session.say('Goodbye.', 's3');
      assert.equal(
        model.last.said.at(-1),
        'Goodbye.',
        'the model speaks again, because the gateway spoke the last line',
      );
      session.close();
    }
  });

  for (const who of ['caller', 'model'] as const)
    test(`the gateway does not speak a line in place of the model once the ${who} speaks`, async () => {
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

  test('a lost session is retried with growing delays, then the owner gets one failure', async () => {
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

  test('an outage is covered with a short line only if the caller waits', async () => {
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

describe('failover to another provider', () => {
  test('the next provider takes over with the conversation and one short line', async () => {
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

  test('a takeover line that was not spoken before the next loss is spoken by the session after it', async () => {
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

  test('a provider that was given up is tried once more when the one that took over is lost, and it may be back', async () => {
    for (const isBack of [true, false]) {
      const a = new ScriptedProvider('a', greets);
      const b = new ScriptedProvider('b', greets);
      const { clock, events, log, session } = rigOf([a, b]);
      await settle();
      a.isSlow = true;
      a.onOpen = (opened) => opened.emit(gone('VOICE_THROTTLED'));
      a.last.emit(gone('VOICE_THROTTLED'));
      clock.advance(0);
      await settle();
      if (isBack) [a.isSlow, a.onOpen] = [false, greets];
      b.isSlow = true;
      b.onOpen = (opened) => opened.emit(gone());
      b.last.emit(gone());
      for (let at = 0; at < 20; at++) {
        clock.advance(100);
        await settle();
      }
      assert.equal(a.sessions.length, 2);
      assert.equal(log.includes('b to a'), true);
      assert.equal(events.at(-1)?.type === 'failed', !isBack);
      session.close();
      assert.equal(clock.timers, 0);
    }
  });

  test('a provider that failed is passed over by new calls until it has cooled down', async () => {
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

  test('the second provider greets if the first one fails before its first word', async () => {
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

  test('the loss of every provider ends in one failure, and later requests are ignored', async () => {
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

describe('repeated losses', () => {
  test('providers that keep failing at once end in a failure', async () => {
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

  test('a provider whose sessions last for a while is retried as often as needed', async () => {
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
