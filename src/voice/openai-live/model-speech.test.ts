import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FakeClock } from '../../../test/support/fake-clock.js';
import { modelAudio } from '../../../test/support/live-rig.js';
import type { VoiceEvent } from '../session.js';
import { ModelSpeech } from './model-speech.js';

function open() {
  const clock = new FakeClock();
  const events: VoiceEvent[] = [];
  const rig = { isWorking: false, cuts: 0 };
  let ids = 0;
  const speech = new ModelSpeech({
    clock,
    emit: (event) => events.push(event),
    newId: (kind) => `${kind}-${++ids}`,
    isWorking: () => rig.isWorking,
    onBegins: () => undefined,
    onBegun: () => undefined,
    onEnded: () => undefined,
    onCut: () => rig.cuts++,
  });
  const stream = (kind: 'loud' | 'quiet', ms: number): void => {
    for (let at = 0; at < ms; at += 100) {
      speech.audio(modelAudio(kind).delta);
      clock.advance(100);
    }
  };
  const seen = (): string[] =>
    events.splice(0).flatMap((event) => {
      if (event.type === 'audio') return [];
      if (event.type === 'response-done') return [`done ${event.status}`];
      if (event.type === 'assistant-text') return [event.text];
      if (event.type === 'assistant-text-final') return [`= ${event.text}`];
      return [event.type];
    });
  return { clock, events, rig, seen, speech, stream };
}

describe('the speech of GPT-Live', () => {
  it('an utterance is what sounds between two stretches of quiet, with its pauses and its text', () => {
    const { seen, speech, stream } = open();
    stream('quiet', 1000);
    stream('loud', 300);
    speech.words('We are', 1000, 1200);
    stream('quiet', 500);
    stream('loud', 300);
    speech.words(' open.', 1300, 1500);
    stream('quiet', 700);
    assert.deepEqual(seen(), ['response-started', 'We are', ' open.']);
    stream('quiet', 100);
    assert.deepEqual(seen(), ['item-done', 'done completed']);
    stream('loud', 100);
    assert.deepEqual(seen(), ['response-started']);
  });

  it('a silence that Twilio plays goes before each utterance and after a long pause, and little quiet after a sound', () => {
    const { events, stream } = open();
    stream('quiet', 2000);
    stream('loud', 200);
    stream('quiet', 600);
    stream('loud', 100);
    stream('quiet', 3000);
    const heardMs = events.flatMap((event) => (event.type === 'audio' ? [event.chunk.durationMs] : []));
    // The pause in it is silence of Twilio's own, except for its beginning.
    assert.deepEqual(heardMs, [120, 100, 100, 100, 100, 100, 120, 100, 100, 100, 100]);
  });

  it('a text that is ahead of its sound waits for it, and one that is behind replaces what was there', () => {
    const { seen, speech, stream } = open();
    speech.words('Good', 0, 100);
    speech.words(' morning', 100, 300);
    assert.deepEqual(seen(), []);
    stream('loud', 300);
    assert.deepEqual(seen(), ['response-started', 'Good morning']);
    stream('quiet', 800);
    speech.words(' to you.', 300, 500);
    assert.deepEqual(seen(), ['item-done', 'done completed', '= Good morning to you.']);
    speech.words('Next', 3000, 3200);
    assert.deepEqual(seen(), []);
  });

  it('a response lasts until the backend has finished and its result is told', () => {
    const { rig, seen, speech, stream } = open();
    rig.isWorking = true;
    speech.workBegun();
    stream('loud', 200);
    stream('quiet', 1000);
    assert.deepEqual(seen(), ['response-started', 'item-done']);
    rig.isWorking = false;
    stream('loud', 200);
    stream('quiet', 1000);
    assert.deepEqual(seen(), ['item-done', 'done completed']);
    speech.workBegun();
    speech.workDone(false);
    assert.deepEqual(seen(), ['response-started', 'done incomplete']);
  });

  it('a stream that ends in a sound was cut off if it has carried silence, and has left silence out otherwise', () => {
    for (const carriesSilence of [true, false]) {
      const { clock, rig, seen, stream } = open();
      if (carriesSilence) stream('quiet', 1000);
      stream('loud', 500);
      clock.advance(2000);
      assert.equal(rig.cuts, carriesSilence ? 1 : 0);
      assert.equal(seen().at(-1), carriesSilence ? 'done incomplete' : 'done completed');
    }
  });

  it('after a cancel the rest of the utterance is dropped, and the next one is heard', () => {
    const { events, seen, speech, stream } = open();
    stream('loud', 300);
    assert.equal(speech.cancel(), true);
    assert.deepEqual(seen(), ['response-started', 'item-done', 'done cancelled']);
    speech.words('too late', 200, 400);
    stream('loud', 500);
    assert.deepEqual(events, []);
    stream('quiet', 800);
    stream('loud', 100);
    assert.deepEqual(seen(), ['response-started']);
  });

  it('an interruption is reported before the end of what it interrupts, and what is heard of it can be asked for', () => {
    const { seen, speech, stream } = open();
    stream('loud', 800);
    speech.words('one two three four five', 0, 800);
    speech.interrupted();
    assert.deepEqual(seen().slice(-3), ['interruption', 'item-done', 'done cancelled']);
    const item = { itemId: 'item-2', sentMs: 2000, heardMs: 1000 };
    assert.equal(speech.heardOf([item], 700), 'one two');
    assert.equal(speech.heardOf([{ ...item, heardMs: 1900 }], 700), undefined);
    assert.equal(speech.heardOf([{ ...item, itemId: 'another' }], 700), undefined);
  });
});
