import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SILENCE_BUDGET } from '../../base/silence-budget.js';
import { gone, greets, rigOf, settle, silent } from '../../../test/support/continuity-rig.js';
import { ScriptedProvider } from '../../../test/support/scripted-provider.js';

const ANSWER_MS = SILENCE_BUDGET.answerMs;

test('a model that ignores speech is replaced once; if the next one ignores it too, it was noise', async () => {
  const model = new ScriptedProvider('a', greets);
  const { clock, log, session } = rigOf([model]);
  await settle();
  const noise = (): void => {
    model.last.emit({ type: 'caller-speech-started' });
    model.last.emit({ type: 'caller-speech-stopped' });
  };
  noise();
  clock.advance(ANSWER_MS - 1);
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
  clock.advance(ANSWER_MS);
  await settle();
  assert.equal(log.length, 2);
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

test('a speech whose end the model does not report is over when the line has been quiet for 3.5 s', async () => {
  for (const hears of [true, false]) {
    const model = new ScriptedProvider('a', greets);
    const { kinds, line, log, session } = rigOf([model]);
    await settle();
    let calls = 0;
    if (hears) {
      model.last.callerIsQuiet = () => {
        calls++;
        model.last.speak('As I said.', 100);
      };
    }
    await line(0, 4000);
    model.last.emit({ type: 'caller-speech-started' });
    await line(0, 3480);
    assert.equal(kinds().includes('caller-speech-stopped'), false);
    await line(0, 40);
    assert.equal(kinds().filter((type) => type === 'caller-speech-stopped').length, 1);
    assert.equal(calls, hears ? 1 : 0);
    await line(0, 5000);
    // A model that cannot be told is replaced, as one that seems deaf.
    assert.equal(log.length, hears ? 0 : 1);
    session.close();
  }
});

test('a model that waits for a caller who sounds unfinished gets that time, but not once it has taken their turn', async () => {
  const model = new ScriptedProvider('a', greets);
  model.turnWaitMs = 4000;
  const { kinds, line, log, session } = rigOf([model]);
  await settle();
  await line(5000, 400);
  model.last.emit({ type: 'caller-speech-started' });
  await line(0, 7400);
  assert.equal(kinds().includes('caller-speech-stopped'), false);
  await line(0, 300);
  assert.equal(kinds().includes('caller-speech-stopped'), true);
  assert.deepEqual(log, []);
  model.last.emit({ type: 'caller-turn', itemId: 'c1' });
  await line(0, ANSWER_MS - 20);
  assert.deepEqual(log, []);
  await line(0, 40);
  assert.deepEqual(log, ['lost a VOICE_STALLED']);
  session.close();
});

test('a long speech of the caller is not cut short', async () => {
  const model = new ScriptedProvider('a', greets);
  const { kinds, line, log, session } = rigOf([model]);
  await settle();
  await line(5000, 400);
  model.last.emit({ type: 'caller-speech-started' });
  for (let sentence = 0; sentence < 5; sentence++) {
    await line(5000, 2000);
    await line(0, 700);
  }
  assert.equal(kinds().includes('caller-speech-stopped'), false);
  assert.deepEqual(log, []);
  session.close();
});

test('a session that hears a question again and shows no sign of life is given up, too', async () => {
  const model = new ScriptedProvider('a', greets);
  const { clock, events, line, log, session } = rigOf([model]);
  await settle();
  await line(0, 1000);
  await line(5000, 1000);
  model.last.emit({ type: 'caller-speech-started' });
  model.last.emit({ type: 'caller-speech-stopped' });
  model.last.emit({ type: 'caller-turn', itemId: 'c1' });
  model.onOpen = silent;
  await line(0, 10_000);
  assert.equal(log.filter((entry) => entry === 'lost a VOICE_STALLED').length, 2);
  assert.equal(events.at(-1)?.type, 'failed');
  assert.equal(clock.timers, 0);
  session.close();
});

test('a caller who speaks again while they wait does not make the model stall', async () => {
  const model = new ScriptedProvider('a', greets);
  const { clock, line, log, session } = rigOf([model]);
  await settle();
  model.last.callerSays('Where is my order?');
  await line(0, 1000);
  await line(5000, 400);
  model.last.emit({ type: 'caller-speech-started' });
  await line(5000, 6000);
  model.last.emit({ type: 'caller-speech-stopped' });
  await line(0, SILENCE_BUDGET.answerAfterSpeechMs - 20);
  assert.deepEqual(log, []);
  clock.advance(1500);
  assert.deepEqual(log, ['lost a VOICE_STALLED']);
  session.close();
});
