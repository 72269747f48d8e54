import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FakeClock } from '../../../test/support/fake-clock.js';
import type { VoiceEvent } from '../session.js';
import { CallerWords } from './caller-words.js';

function open() {
  const clock = new FakeClock();
  const events: VoiceEvent[] = [];
  const ear = { isSpeaking: true, quietMs: 0 };
  let ids = 0;
  const words = new CallerWords({ clock, emit: (event) => events.push(event), newId: () => `c${++ids}`, ear });
  const seen = (): string[] =>
    events.splice(0).flatMap((event) => {
      if (event.type === 'caller-turn') return [`turn ${event.itemId}`];
      return event.type === 'caller-text' ? [`${event.final ? '=' : '~'} ${event.text}`] : [];
    });
  return { clock, ear, seen, words };
}

describe("the caller's words in GPT-Live", () => {
  it('pieces are one text, which is complete soon after the line has become quiet', () => {
    const { clock, ear, seen, words } = open();
    words.words('Where is', 100, 300);
    words.words(' my order?', 300, 600);
    assert.deepEqual(seen(), ['~ Where is', '~ Where is my order?']);
    ear.isSpeaking = false;
    words.lineIsQuiet();
    assert.deepEqual(seen(), ['turn c1']);
    clock.advance(500);
    assert.deepEqual(seen(), ['= Where is my order?']);
    assert.equal(clock.timers, 0);
  });

  it('while the caller is still heard, a text waits longer for the rest', () => {
    const { clock, seen, words } = open();
    words.words('I want', 100, 300);
    clock.advance(1000);
    words.words(' to talk', 900, 1100);
    assert.deepEqual(seen(), ['~ I want', '~ I want to talk']);
    clock.advance(1200);
    assert.deepEqual(seen(), ['turn c1', '= I want to talk']);
  });

  it('a gap in the times begins another utterance', () => {
    const { seen, words } = open();
    words.words('Yes.', 100, 300);
    words.words('No.', 1200, 1400);
    assert.deepEqual(seen(), ['~ Yes.', 'turn c1', '= Yes.', '~ No.']);
  });

  it("the model's voice ends the caller's turn, unless the caller goes on", () => {
    const { ear, seen, words } = open();
    words.words('So I', 100, 300);
    words.modelSpeaks();
    assert.deepEqual(seen(), ['~ So I']);
    ear.quietMs = 200;
    words.modelSpeaks();
    assert.deepEqual(seen(), ['turn c1']);
  });

  it('what follows from the words can ask for them at once, and nothing comes of a session that is over', () => {
    const { clock, seen, words } = open();
    words.words('A human, please.', 0, 500);
    words.finish();
    assert.deepEqual(seen(), ['~ A human, please.', 'turn c1', '= A human, please.']);
    words.words('  ', 600, 700);
    words.words('Hello', 800, 900);
    words.close();
    clock.advance(5000);
    assert.deepEqual(seen(), ['~ Hello']);
  });
});
