import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { FakeClock } from '../../test/support/fake-clock.js';
import { until } from '../../test/support/rig.js';
import { wordErrors, wordsOf } from '../../test/support/word-error-rate.js';
import { pcmToMulaw } from '../audio/g711.js';
import { isTandemError } from '../base/errors.js';
import { humanListener } from '../escalation/asks-for-human.js';
import { type SpeechEngine, WorkerEngine, openSpeechEngine } from './engine.js';

const ASKING = [
  'I want to speak to a human agent',
  'can I talk to a representative please',
  'let me speak to a real person',
  'transfer me to an operator',
  'I need a live agent right now',
  'connect me with customer service',
  'could you put me through to someone',
  "I'd like to talk to your supervisor",
  'get me a manager',
  "I don't want to talk to a robot",
  'is there a real human being I can talk to',
];
const OTHER = [
  'what are your opening hours',
  'where is my order',
  'yes that is correct',
  'can you repeat that please',
  'I would like to check my account balance',
  'how do I reset my password',
  'what time do you close on Saturday',
  'I want to cancel my subscription',
  'do you ship to Canada',
  'I was charged twice on my credit card',
  'I am looking for a travel agency',
];
const SILENCE = new Uint8Array(8000).fill(0xff);

/** Listens to one stream and collects its events and texts. */
function hear(engine: SpeechEngine): {
  push(audio: Uint8Array): void;
  close(): void;
  events: string[];
  texts: string[];
} {
  const events: string[] = [];
  const texts: string[] = [];
  const input = engine.listen({
    onSpeechStarted: () => events.push('started'),
    onSpeechStopped: () => events.push('stopped'),
    onText: (text) => {
      events.push('text');
      texts.push(text);
    },
    onFailure: (error) => events.push(error.code),
  });
  return { push: (audio) => input.push(audio), close: () => input.close(), events, texts };
}

function tone(durationMs: number, sample: (i: number) => number): Uint8Array {
  return pcmToMulaw(
    Int16Array.from({ length: durationMs * 8 }, (_, i) => Math.round(32767 * Math.max(-1, Math.min(1, sample(i))))),
  );
}

describe('embedded speech engine', () => {
  let engine: SpeechEngine;
  before(async () => {
    engine = await openSpeechEngine();
  });
  after(() => engine.close());

  test('the engine understands telephone phrases and the requests for a human among them', async () => {
    let errors = 0;
    let words = 0;
    const asksForHuman = humanListener(['en']);
    const asking = new Map<string, boolean>();
    for (const phrase of [...ASKING, ...OTHER]) {
      const heard = await engine.transcribe(await engine.synthesize(phrase, { voice: 'rms' }));
      errors += wordErrors(wordsOf(phrase), wordsOf(heard));
      words += wordsOf(phrase).length;
      asking.set(phrase, asksForHuman(heard));
    }
    const found = ASKING.filter((phrase) => asking.get(phrase)).length;
    const falseAlarms = OTHER.filter((phrase) => asking.get(phrase)).length;
    console.log(
      `# synthetic caller: word error rate ${((100 * errors) / words).toFixed(1)} %, requests for a human ${found}/${ASKING.length}, false ${falseAlarms}/${OTHER.length}`,
    );
    assert.ok(errors / words < 0.15, `${errors} of ${words} words`);
    assert.ok(found >= 9, `${found} of ${ASKING.length}`);
    assert.equal(falseAlarms, 0);
  });

  test('the engine finds one utterance between silence, in audio pieces of any size', async () => {
    const speech = await engine.synthesize('Where is my order?', { voice: 'rms' });
    const all = Buffer.concat([SILENCE, speech, SILENCE]);
    for (const pieceBytes of [160, 77, 1000, all.length]) {
      const stream = hear(engine);
      for (let at = 0; at < all.length; at += pieceBytes) stream.push(all.subarray(at, at + pieceBytes));
      await until(() => stream.texts.length > 0, 'the text');
      assert.deepEqual(stream.events, ['started', 'stopped', 'text']);
      assert.match(stream.texts[0] ?? '', /where is my order/i);
      stream.close();
    }
  });

  test('the engine does not take noise, tones or clicks for speech', async () => {
    const stream = hear(engine);
    for (const audio of [
      tone(2000, () => 0),
      tone(2000, () => (Math.random() - 0.5) * 0.5),
      tone(2000, (i) => 0.3 * Math.sin((2 * Math.PI * 440 * i) / 8000)),
      tone(
        2000,
        (i) =>
          (Math.floor(i / 800) % 2) *
          0.15 *
          (Math.sin((2 * Math.PI * 770 * i) / 8000) + Math.sin((2 * Math.PI * 1336 * i) / 8000)),
      ),
      tone(2000, (i) => (i % 8000 < 8 ? 0.9 : 0)),
    ]) {
      stream.push(audio);
    }
    // The thread answers in order, so all of the audio has been heard once this is back.
    await engine.synthesize('Done.');
    assert.deepEqual(stream.events, []);
    stream.close();
  });

  test('the engine keeps concurrent streams apart', async () => {
    const phrases = [
      'Where is my order?',
      'What are your opening hours?',
      'Do you ship to Canada?',
      'Yes, that is correct.',
    ];
    const streams = await Promise.all(
      phrases.map(async (phrase) => ({
        phrase,
        stream: hear(engine),
        audio: await engine.synthesize(phrase, { voice: 'rms' }),
      })),
    );
    for (const { audio, stream } of streams) stream.push(Buffer.concat([SILENCE, audio, SILENCE]));
    for (const { phrase, stream } of streams) {
      await until(() => stream.texts.length > 0, phrase);
      assert.equal(wordErrors(wordsOf(phrase), wordsOf(stream.texts[0] ?? '')), 0, stream.texts[0]);
      stream.close();
    }
  });

  test('a closed stream of the engine reports nothing more', async () => {
    const speech = await engine.synthesize('Where is my order?', { voice: 'rms' });
    const stream = hear(engine);
    stream.close();
    stream.push(Buffer.concat([SILENCE, speech, SILENCE]));
    await engine.transcribe(speech);
    assert.deepEqual(stream.events, []);
  });

  test('the engine reports to every caller that its thread died, and works again', async () => {
    const own = await openSpeechEngine();
    const stream = hear(own);
    // Waits until the stream is open, because terminating the thread while native code runs would end the whole process.
    await own.synthesize('Ready.');
    const pending = own.synthesize('This will not be spoken.');
    const dead = (own as unknown as { state: { worker: { terminate(): Promise<number> } } }).state.worker.terminate();
    await assert.rejects(pending, (error) => isTandemError(error) && error.code === 'LOCAL_SPEECH_FAILED');
    await dead;
    assert.deepEqual(stream.events, ['LOCAL_SPEECH_FAILED']);
    assert.ok((await own.synthesize('Back again.')).length > 1000);
    await own.close();
    await assert.rejects(
      own.synthesize('Closed.'),
      (error) => isTandemError(error) && error.code === 'LOCAL_SPEECH_FAILED',
    );
  });

  test('the engine speaks again after its seventh death, and tells everybody who asks meanwhile', async () => {
    const clock = new FakeClock();
    const own = new WorkerEngine({ sttModel: undefined }, clock);
    const inside = own as unknown as { state: { name: string; worker: { terminate(): Promise<number> } } };
    for (let deaths = 1; deaths <= 7; deaths++) {
      await own.synthesize('Ready.');
      await inside.state.worker.terminate();
      if (deaths <= 2) continue;
      assert.equal(inside.state.name, 'dead', `after death ${deaths}`);
      await assert.rejects(own.synthesize('Hello?'), { code: 'LOCAL_SPEECH_FAILED' });
      const stream = hear(own);
      await until(() => stream.events.length > 0, 'the failure of a stream that is opened meanwhile');
      assert.deepEqual(stream.events, ['LOCAL_SPEECH_FAILED']);
      clock.advance(60_000);
    }
    assert.ok((await own.synthesize('Back again.')).length > 1000);
    await own.close();
    assert.equal(clock.timers, 0, 'no timer is left');
  });

  test('an engine that is closed while it speaks is closed, although nothing else keeps the process alive', async () => {
    const own = new WorkerEngine({ sttModel: undefined }, new FakeClock());
    await own.ready();
    const spoken = assert.rejects(own.synthesize('This is cut short.'), { code: 'LOCAL_SPEECH_FAILED' });
    await own.close();
    await spoken;
  });

  test('lines that are kept need no synthesis, even while the thread is dead', async () => {
    const own = new WorkerEngine({ sttModel: undefined }, new FakeClock());
    const spoken = await own.synthesize('A line of a test.');
    await own.keep(['A line of a test. And its second sentence.', 'Another line.']);
    await own.synthesize('The thread answers in order.');
    const inside = own as unknown as { state: { name: string; worker: { terminate(): Promise<number> } } };
    for (let deaths = 1; deaths <= 3; deaths++) {
      await own.synthesize('Ready.');
      await inside.state.worker.terminate();
    }
    assert.equal(inside.state.name, 'dead');
    assert.deepEqual(await own.synthesize('A line of a test.'), spoken);
    const both = await own.synthesize('Another line. A line of a test.');
    assert.equal(both.length, spoken.length + (await own.synthesize('Another line.')).length);
    await assert.rejects(own.synthesize('A line of a test.', { voice: 'rms' }), { code: 'LOCAL_SPEECH_FAILED' });
    await own.close();
  });

  test('a voice of the operator’s own speaks kept lines itself', async () => {
    const own = new WorkerEngine({ sttModel: undefined, ttsBaseUrl: 'http://127.0.0.1:1/v1' }, new FakeClock());
    await own.keep(['A line of another test.']);
    await own.ready();
    await assert.rejects(own.synthesize('A line of another test.', { language: 'de' }), {
      code: 'LOCAL_SPEECH_FAILED',
    });
    await own.close();
  });

  test('an engine whose model is damaged says once what to do', async () => {
    await assert.rejects(openSpeechEngine({ sttModel: 'vendor/none' }), (error) => {
      assert.ok(isTandemError(error));
      assert.equal(error.message.split(`[${error.code}]`).length, 2, error.message);
      return true;
    });
  });

  test('a text of many sentences is spoken whole, in pieces', async () => {
    const one = await engine.synthesize('This is one sentence of several.');
    const many = await engine.synthesize('This is one sentence of several. '.repeat(20));
    assert.ok(Math.abs(many.length / one.length - 20) < 1, String(many.length / one.length));
  });

  test('callers are heard between the pieces of a long text, also of a sentence without an end', async () => {
    const speech = await engine.synthesize('Where is my order?', { voice: 'rms' });
    const stream = hear(engine);
    let isSpoken = false;
    const spoken = engine.synthesize('and then we look at it and then we write to you '.repeat(24)).then(() => {
      isSpoken = true;
    });
    await engine.synthesize('Yes.');
    assert.equal(isSpoken, false, 'the thread is in the middle of the long text');
    stream.push(Buffer.concat([SILENCE, speech, SILENCE]));
    await spoken;
    assert.deepEqual(stream.events, ['started', 'stopped', 'text']);
    stream.close();
  });
});
