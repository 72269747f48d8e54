import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { frame, gone, greets, rigOf, settle, silent } from '../../../test/support/continuity-rig.js';
import { FakeClock } from '../../../test/support/fake-clock.js';
import { ScriptedProvider } from '../../../test/support/scripted-provider.js';
import { RenewalSchedule } from './renewal.js';

describe('renewal of a session near its time limit', () => {
  const renewing = (): ScriptedProvider => {
    const model = new ScriptedProvider('a', greets);
    model.renewal = { afterMs: 60_000, forceAfterMs: 80_000 };
    return model;
  };

  test('a session is renewed in the next pause without a word, and closed when the new one is ready', async () => {
    const model = renewing();
    const { clock, events, log, playing, session, texts } = rigOf([model]);
    await settle();
    playing.value = true;
    clock.advance(65_000);
    assert.equal(model.sessions.length, 1);
    playing.value = false;
    model.isSlow = true;
    clock.advance(200);
    const [old, next] = model.sessions;
    assert.ok(old !== undefined && next !== undefined);
    assert.deepEqual([next.options.greeting, next.options.answersLast], [undefined, false]);
    session.sendAudio(frame(1));
    assert.deepEqual([old.callerBytes, next.callerBytes], [160, 160]);
    assert.equal(old.isClosed, false);
    next.emit({ type: 'ready' });
    assert.equal(old.isClosed, true);
    session.sendAudio(frame(2));
    assert.deepEqual([old.callerBytes, next.callerBytes], [160, 320]);
    assert.deepEqual(log, ['renewed a']);
    assert.deepEqual(texts(), ['Hello.']);
    assert.equal(events.filter(({ type }) => type === 'ready').length, 1);
    session.close();
    assert.equal(clock.timers, 0);
  });

  test('a renewal that the caller interrupts is dropped and repeated in the next pause', async () => {
    const model = renewing();
    const { clock, log, session } = rigOf([model]);
    await settle();
    model.isSlow = true;
    clock.advance(60_000);
    const [old, overtaken] = model.sessions;
    old?.emit({ type: 'caller-speech-started' });
    assert.equal(overtaken?.isClosed, true);
    old?.emit({ type: 'caller-speech-stopped' });
    old?.emit({ type: 'caller-text', itemId: 'c1', text: 'Hello?', final: true });
    old?.speak('Yes?', 100);
    clock.advance(1000);
    model.last.emit({ type: 'ready' });
    assert.equal(model.last.options.conversation.turns.at(-1)?.text, 'Yes?');
    assert.deepEqual(log, ['renewed a']);
    assert.equal(old?.isClosed, true);
    session.close();
  });

  test('a session that is ready only when something plays to the caller does not take over', async () => {
    const model = renewing();
    const { clock, log, playing, session } = rigOf([model]);
    await settle();
    model.isSlow = true;
    clock.advance(60_000);
    const [old, next] = model.sessions;
    playing.value = true;
    next?.emit({ type: 'ready' });
    assert.deepEqual([old?.isClosed, next?.isClosed], [false, true]);
    assert.deepEqual(log, []);
    playing.value = false;
    clock.advance(1200);
    model.last.emit({ type: 'ready' });
    assert.equal(old?.isClosed, true);
    assert.deepEqual(log, ['renewed a']);
    session.close();
  });

  test('a session is not renewed while the text of an utterance is missing', async () => {
    const model = renewing();
    const { clock, session } = rigOf([model]);
    await settle();
    clock.advance(59_000);
    model.last.emit({ type: 'caller-speech-started' });
    model.last.emit({ type: 'caller-speech-stopped' });
    clock.advance(2_000);
    assert.equal(model.sessions.length, 1);
    model.last.emit({ type: 'caller-text', itemId: 'c1', text: 'Hello?', final: true });
    model.last.speak('Yes?', 100);
    clock.advance(200);
    assert.equal(model.sessions.length, 2);
    session.close();
  });

  test('a session is renewed ten times, each after the same time', async () => {
    const model = renewing();
    const { clock, log, session } = rigOf([model]);
    for (let i = 0; i < 10; i++) {
      await settle();
      clock.advance(60_000);
    }
    await settle();
    assert.equal(log.filter((entry) => entry === 'renewed a').length, 10);
    assert.equal(model.sessions.filter(({ isClosed }) => !isClosed).length, 1);
    session.close();
    assert.equal(clock.timers, 0);
  });

  test('a renewal without a pause is forced, and the next session hears the whole utterance', async () => {
    const model = renewing();
    const { clock, line, log, session } = rigOf([model]);
    await settle();
    clock.advance(59_000);
    model.last.emit({ type: 'caller-speech-started' });
    await line(5000, 21_000);
    const [old, next] = model.sessions;
    assert.equal(old?.isClosed, true);
    // As much of it as is kept.
    assert.ok((next?.callerBytes ?? 0) >= 9_000 * 8);
    assert.deepEqual(log, ['renewed a']);
    session.close();
  });

  test('a session whose forced successor cannot be opened talks on, and is lost only at its own end', async () => {
    const model = renewing();
    const other = new ScriptedProvider('b', greets);
    const { clock, line, log, session, texts } = rigOf([model, other]);
    await settle();
    const [old] = model.sessions;
    clock.advance(59_000);
    old?.emit({ type: 'caller-speech-started' });
    model.onOpen = (next) => next.emit(gone('VOICE_UNREACHABLE'));
    model.isSlow = true;
    const triesAt: number[] = [];
    for (let atMs = 0; atMs < 60_000; atMs += 100) {
      await line(5000, 100);
      await settle();
      if (log.length > triesAt.length) triesAt.push(clock.now());
    }
    assert.ok((triesAt[0] ?? 0) >= 80_000, 'the renewal was forced');
    const delays = triesAt.slice(1).map((atMs, at) => atMs - (triesAt[at] as number));
    for (const [at, delayMs] of [1000, 2000, 4000, 8000].entries()) {
      const took = delays[at] as number;
      assert.ok(took >= 0.75 * delayMs - 100 && took <= delayMs + 300, `${took} of ${delayMs}`);
    }
    assert.equal(old?.isClosed, false);
    old.emit({ type: 'caller-speech-stopped' });
    old.emit({ type: 'caller-text', itemId: 'c1', text: 'When?', final: true });
    old.speak('At nine.', 100);
    assert.deepEqual(texts(), ['Hello.', 'At nine.']);
    assert.ok(log.every((entry) => entry === 'lost a VOICE_UNREACHABLE'));
    old.emit(gone('VOICE_REFUSED'));
    clock.advance(0);
    await settle();
    assert.deepEqual(log.slice(-2), ['lost a VOICE_REFUSED', 'a to b']);
    session.close();
    assert.equal(clock.timers, 0);
  });

  test('a forced successor that is ready in the middle of an answer is dropped, and another one follows', async () => {
    const model = renewing();
    const { clock, line, log, session, texts } = rigOf([model]);
    await settle();
    const [old] = model.sessions;
    clock.advance(59_000);
    old?.emit({ type: 'caller-speech-started' });
    model.isSlow = true;
    await line(5000, 21_200);
    const [, dropped] = model.sessions;
    assert.ok(dropped !== undefined, 'the forced successor is being opened');
    old?.emit({ type: 'response-started', responseId: 'r', sayId: undefined });
    dropped.emit({ type: 'ready' });
    assert.deepEqual([old?.isClosed, dropped.isClosed], [false, true]);
    old?.emit({ type: 'audio', responseId: 'r', itemId: 'i', chunk: frame(1) });
    old?.emit({ type: 'response-done', responseId: 'r', sayId: undefined, status: 'completed' });
    await line(0, 3000);
    model.last.emit({ type: 'ready' });
    assert.equal(old?.isClosed, true);
    assert.deepEqual(log, ['renewed a']);
    assert.deepEqual(texts(), ['Hello.']);
    session.close();
  });

  test('a forced successor that is ready after an answer hears nothing of what was answered', async () => {
    const model = renewing();
    const { clock, line, log, session, texts } = rigOf([model]);
    await settle();
    const [old] = model.sessions;
    clock.advance(59_000);
    old?.emit({ type: 'caller-speech-started' });
    model.isSlow = true;
    await line(5000, 21_200);
    const [, dropped] = model.sessions;
    assert.ok((dropped?.callerBytes ?? 0) > 0, 'the forced successor has heard the question');
    // The text of the question does not come, or comes later.
    old?.emit({ type: 'caller-speech-stopped' });
    old?.speak('At nine.', 100);
    dropped?.emit({ type: 'ready' });
    assert.deepEqual([old?.isClosed, dropped?.isClosed], [false, true]);
    await line(0, 3000);
    model.last.emit({ type: 'ready' });
    assert.deepEqual([old?.isClosed, log], [true, ['renewed a']]);
    assert.ok(model.last.callerBytes < 4000 * 8, `${model.last.callerBytes} bytes of the caller`);
    assert.deepEqual(texts(), ['Hello.', 'At nine.']);
    session.close();
  });

  test('a forced renewal waits for the end of an answer', async () => {
    const model = renewing();
    const { clock, session } = rigOf([model]);
    await settle();
    clock.advance(59_000);
    const chatter = (): void => {
      model.last.emit({ type: 'response-started', responseId: 'r', sayId: undefined });
      model.last.emit({ type: 'audio', responseId: 'r', itemId: 'i', chunk: frame(1) });
    };
    for (let i = 0; i < 6; i++) {
      chatter();
      clock.advance(4_000);
    }
    assert.equal(model.sessions.length, 1);
    model.last.emit({ type: 'response-done', responseId: 'r', sayId: undefined, status: 'completed' });
    clock.advance(200);
    assert.equal(model.sessions.length, 2);
    session.close();
  });

  test('a session whose successor cannot be opened continues and tries again', async () => {
    const model = renewing();
    const { clock, log, session } = rigOf([model]);
    await settle();
    model.onOpen = (next) => next.emit(gone('VOICE_THROTTLED'));
    model.isSlow = true;
    clock.advance(60_000);
    await settle();
    assert.equal(model.sessions[0]?.isClosed, false);
    model.isSlow = false;
    model.onOpen = silent;
    clock.advance(1000);
    await settle();
    assert.deepEqual(log, ['lost a VOICE_THROTTLED', 'renewed a']);
    session.close();
  });

  test('a forced renewal waits 15 s for the end of an answer, and no longer', async () => {
    const model = renewing();
    const { clock, session } = rigOf([model]);
    await settle();
    clock.advance(59_000);
    model.last.emit({ type: 'response-started', responseId: 'r', sayId: undefined });
    for (let atMs = 59_000; atMs < 94_000; atMs += 1000) {
      model.last.emit({ type: 'audio', responseId: 'r', itemId: 'i', chunk: frame(1) });
      clock.advance(1000);
    }
    assert.equal(model.sessions.length, 1);
    model.last.emit({ type: 'audio', responseId: 'r', itemId: 'i', chunk: frame(1) });
    clock.advance(1200);
    assert.equal(model.sessions.length, 2);
    session.close();
  });

  test('a session whose successors are refused tries again after growing delays', async () => {
    const model = renewing();
    model.renewal = { afterMs: 60_000, forceAfterMs: 600_000 };
    const { clock, log, session } = rigOf([model]);
    await settle();
    model.onOpen = (next) => next.emit(gone('VOICE_THROTTLED'));
    model.isSlow = true;
    const triesAt: number[] = [];
    for (let atMs = 0; atMs < 120_000; atMs += 50) {
      clock.advance(50);
      await settle();
      if (log.length > triesAt.length) triesAt.push(clock.now());
    }
    const delays = triesAt.slice(1).map((atMs, at) => atMs - (triesAt[at] as number));
    for (const [at, delayMs] of [1000, 2000, 4000, 8000, 15_000, 15_000].entries()) {
      const took = delays[at] as number;
      assert.ok(took >= 0.75 * delayMs - 50 && took <= delayMs + 300, `${took} of ${delayMs}`);
    }
    assert.equal(model.sessions[0]?.isClosed, false);
    session.close();
    assert.equal(clock.timers, 0);
  });

  test('calls whose renewal was refused at the same moment try again at different ones', () => {
    const retriesAfter = (random: number): number => {
      const clock = new FakeClock();
      const triedAt: number[] = [];
      const schedule: RenewalSchedule = new RenewalSchedule({
        clock,
        times: { afterMs: 60_000, forceAfterMs: 600_000 },
        isPause: () => true,
        isForceable: () => true,
        onDue: () => triedAt.push(clock.now()),
        onForced: assert.fail,
        random: () => random,
      });
      clock.advance(60_000);
      schedule.again('refused');
      clock.advance(5000);
      schedule.stop();
      return (triedAt[1] ?? 0) - (triedAt[0] ?? 0);
    };
    assert.deepEqual([0, 0.5, 1].map(retriesAfter), [1000, 875, 750]);
  });
});
