import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  type ContinuityRig,
  frame,
  gone,
  greets,
  rigOf,
  settle,
  silent,
} from '../../../test/support/continuity-rig.js';
import { ScriptedProvider } from '../../../test/support/scripted-provider.js';
import type { PassOn } from '../session.js';

const BILLING = 'Billing here.';

/** Two providers that talk to a caller who has asked about a bill. */
async function asked(first = new ScriptedProvider('a', greets)): Promise<{
  rig: ContinuityRig;
  first: ScriptedProvider;
  second: ScriptedProvider;
  third: ScriptedProvider;
  told: string[];
  /** The model calls the tool, and another assistant is wanted, of these providers. */
  pass: (providers?: readonly string[], more?: Partial<PassOn>) => void;
  /** Lets `ms` pass in steps, as timers need it. */
  later: (ms: number) => Promise<void>;
}> {
  const second = new ScriptedProvider('b', greets);
  const third = new ScriptedProvider('c', greets);
  const rig = rigOf([first, second, third]);
  const told: string[] = [];
  await settle();
  first.last.callerSays('My bill is too high.');
  return {
    rig,
    first,
    second,
    third,
    told,
    pass: (providers = ['b'], more = {}) => {
      first.last.emit({ type: 'tool-call', toolCallId: 't', name: 'transfer_to_assistant', arguments: {} });
      rig.session.passOn?.({
        to: {
          instructions: 'You are billing.',
          greeting: BILLING,
          answersLast: true,
          language: 'de',
          tools: [],
          wish: { voices: {}, providers, lines: { takenOver: 'Verzeihung.', oneMoment: 'Moment.' } },
        },
        mayBegin: () => true,
        onPassed: () => told.push('passed'),
        onRefused: (why) => {
          told.push(why);
          rig.session.sendToolResult('t', { error: why });
        },
        ...more,
      });
    },
    later: async (ms) => {
      for (let at = 0; at < ms; at += 100) {
        rig.clock.advance(100);
        await settle();
      }
    },
  };
}

describe('another assistant in the same call', () => {
  test('the next assistant speaks once the caller has heard the one before, knows what was said, and that one is closed', async () => {
    const { first, later, pass, rig, second, told } = await asked();
    first.last.speak('I connect you with billing.', 200);
    rig.playing.value = true;
    pass();
    await later(3000);
    assert.equal(second.sessions.length, 0, 'the caller has not heard the line yet');
    rig.playing.value = false;
    await later(500);
    assert.equal(second.sessions.length, 1);
    const { options } = second.last;
    assert.equal(options.instructions, 'You are billing.');
    assert.equal(options.greeting, BILLING);
    assert.equal(options.answersLast, true);
    assert.equal(options.language, 'de');
    assert.deepEqual(
      options.conversation.turns.slice(0, 3).map(({ text }) => text),
      ['Hello.', 'My bill is too high.', 'I connect you with billing.'],
    );
    assert.deepEqual(told, ['passed']);
    assert.equal(first.last.isClosed, true);
    assert.deepEqual(rig.texts(), ['Hello.', 'I connect you with billing.', BILLING]);
    assert.equal(rig.session.speaker, 'b');
    assert.deepEqual(rig.changes.at(-2), {
      type: 'connected',
      provider: 'b',
      cause: 'passed',
      tookMs: 0,
      error: undefined,
    });
    assert.equal(rig.changes.at(-1)?.type, 'passed');
    rig.session.close();
    assert.equal(rig.clock.timers, 0);
  });

  test('a line that is never heard to its end delays the next assistant by eight seconds at most', async () => {
    const { later, pass, rig, second, told } = await asked();
    rig.playing.value = true;
    pass();
    await later(7900);
    assert.equal(second.sessions.length, 0);
    await later(300);
    assert.deepEqual(told, ['passed']);
    rig.session.close();
  });

  test('what the caller says while the next assistant is being reached is heard by that one alone, from its beginning', async () => {
    const { first, later, pass, rig, second } = await asked();
    second.isSlow = true;
    second.onOpen = silent;
    pass();
    await later(400);
    assert.equal(second.sessions.length, 1);
    const heardBefore = first.last.callerBytes;
    rig.session.sendAudio(frame(7));
    rig.session.sendDigits('42');
    assert.equal(first.last.callerBytes, heardBefore);
    assert.ok(second.last.callerBytes >= 160);
    assert.deepEqual(second.last.texts, ['42']);
    assert.deepEqual(first.last.texts, []);
    first.last.speak('I am still here.', 200);
    assert.ok(!rig.texts().includes('I am still here.'), 'the one before is not heard any more');
    rig.session.close();
    assert.equal(rig.clock.timers, 0);
  });

  test('a caller who interrupts the line is heard by the next assistant, which is called at once', async () => {
    const { first, later, pass, rig, second } = await asked();
    rig.playing.value = true;
    pass();
    await later(500);
    await rig.line(8000, 400);
    first.last.emit({ type: 'caller-speech-started' });
    await rig.line(8000, 400);
    assert.equal(second.sessions.length, 1);
    assert.ok(second.last.callerBytes >= 800 * 8, 'it hears the words from their beginning');
    assert.equal(second.last.options.answersLast, false, 'the words are a question of their own');
    rig.session.close();
  });

  test('if no provider of the next assistant can be reached, the one before continues and has heard the caller', async () => {
    const { first, later, pass, rig, second, third, told } = await asked();
    for (const provider of [second, third]) {
      provider.isSlow = true;
      provider.onOpen = (session) => session.emit(gone());
    }
    pass(['b', 'c']);
    const heardBefore = first.last.callerBytes;
    await later(400);
    rig.session.sendAudio(frame(7));
    assert.equal(second.sessions.length, 1);
    assert.equal(third.sessions.length, 1, 'its second provider is tried');
    assert.deepEqual(told, ['unreachable']);
    assert.deepEqual(first.last.toolResults, [{ error: 'unreachable' }]);
    assert.equal(first.sessions.length, 1);
    assert.ok(first.last.callerBytes > heardBefore);
    first.last.speak('They do not answer.', 200);
    assert.equal(rig.texts().at(-1), 'They do not answer.');
    rig.session.close();
    assert.equal(rig.clock.timers, 0);
  });

  test('a provider that does not answer is given up after four seconds, and the one before hears what was said meanwhile', async () => {
    const { first, later, pass, rig, second, told } = await asked();
    second.isSlow = true;
    second.onOpen = silent;
    pass();
    await later(400);
    const heardBefore = first.last.callerBytes;
    await rig.line(8000, 600);
    assert.equal(first.last.callerBytes, heardBefore);
    await later(3000);
    assert.deepEqual(told, []);
    await later(700);
    assert.deepEqual(told, ['unreachable']);
    assert.ok(first.last.callerBytes - heardBefore >= 600 * 8, 'it hears all of it');
    assert.equal(second.last.isClosed, true);
    assert.equal(first.last.isClosed, false);
    rig.session.close();
    assert.equal(rig.clock.timers, 0);
  });

  test('a caller who waits for the next assistant in silence is told "one moment"', async () => {
    const { later, pass, rig, second } = await asked();
    second.isSlow = true;
    second.onOpen = silent;
    pass();
    await later(3900);
    assert.ok(rig.kinds().includes('audio'), 'a tone, because this machine has no voice');
    rig.session.close();
  });

  test('a loss of the session before, while the next one is being reached, ends in one of the two', async () => {
    const { first, later, pass, rig, second, told } = await asked();
    second.isSlow = true;
    second.onOpen = silent;
    pass();
    await later(400);
    first.last.emit(gone());
    await later(100);
    assert.deepEqual(told, ['lost']);
    assert.equal(second.last.isClosed, true);
    assert.equal(first.sessions.length, 2, 'the one before is opened again');
    assert.equal(first.last.options.answersLast, true);
    rig.session.close();
    assert.equal(rig.clock.timers, 0);
  });

  test('after the switch a lost session is followed by one of the same assistant, with its lines', async () => {
    const { first, later, pass, rig, second, third, told } = await asked();
    pass(['b', 'c']);
    await later(500);
    assert.deepEqual(told, ['passed']);
    second.onOpen = (session) => session.emit(gone('VOICE_REFUSED'));
    second.isSlow = true;
    second.last.emit(gone('VOICE_REFUSED'));
    await later(200);
    assert.equal(third.sessions.length, 1);
    assert.equal(third.last.options.instructions, 'You are billing.');
    assert.equal(third.last.options.greeting, 'Verzeihung.');
    assert.equal(first.sessions.length, 1);
    rig.session.close();
  });

  test('a call that leaves its stream keeps its assistant, whose goodbye is heard', async () => {
    const { first, later, pass, rig, second, told } = await asked();
    second.isSlow = true;
    second.onOpen = silent;
    pass();
    await later(400);
    rig.session.keepAssistant?.();
    rig.session.say('Goodbye.', 'bye');
    assert.deepEqual(told, ['left']);
    assert.equal(second.last.isClosed, true);
    assert.deepEqual(first.last.said, ['Goodbye.']);
    rig.session.close();
    assert.equal(rig.clock.timers, 0);
  });

  test('a call that has gone elsewhere before the line was heard is not passed on', async () => {
    const { later, pass, rig, second, told } = await asked();
    pass(['b'], { mayBegin: () => false });
    await later(500);
    assert.deepEqual(told, ['left']);
    assert.equal(second.sessions.length, 0);
    rig.session.close();
  });

  test('a tool call of the assistant before, while the next one is being reached, is answered and does nothing', async () => {
    const { first, later, pass, rig, second } = await asked();
    second.isSlow = true;
    second.onOpen = silent;
    pass();
    await later(400);
    first.last.emit({ type: 'tool-call', toolCallId: 'late', name: 'end_call', arguments: {} });
    assert.deepEqual(first.last.toolResults, [{ error: 'The caller is being passed on.' }]);
    assert.equal(rig.events.filter(({ type }) => type === 'tool-call').length, 1);
    rig.session.close();
  });
});
