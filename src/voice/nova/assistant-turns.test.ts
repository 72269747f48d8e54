import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FakeClock } from '../../../test/support/fake-clock.js';
import type { VoiceEvent } from '../session.js';
import { AssistantTurns } from './assistant-turns.js';
import { FinalTexts } from './final-texts.js';
import { pcmToBase64 } from './pcm.js';

const AUDIO = pcmToBase64(new Int16Array(80).fill(1000));

/** Speaks like the service, and records what the session's owner hears. */
class Rig {
  readonly clock = new FakeClock();
  readonly told: string[] = [];
  readonly anomalies: string[] = [];
  isCallerSpeaking = false;
  isPlaying = false;
  onEvent: (event: VoiceEvent) => void = () => undefined;
  private ids = 0;
  private contents = 0;
  readonly turns = new AssistantTurns({
    clock: this.clock,
    emit: (event) => {
      this.told.push(describeEvent(event));
      this.onEvent(event);
    },
    newId: (kind) => `${kind}${++this.ids}`,
    isPlaying: () => this.isPlaying,
    isCallerSpeaking: () => this.isCallerSpeaking,
    onAnomaly: (kind) => void this.anomalies.push(kind),
    onStalled: () => void this.told.push('(stalled)'),
    onTurnEnd: () => void this.told.push('(free)'),
  });

  sentence(text: string): void {
    const id = this.newContent();
    this.turns.sentenceStarted(id);
    this.turns.text(id, text);
    this.turns.contentEnded(id, 'PARTIAL_TURN');
  }

  audio(): string {
    const id = this.newContent();
    this.turns.audioStarted(id);
    return id;
  }

  speak(text: string, end: 'PARTIAL_TURN' | 'END_TURN'): void {
    this.sentence(text);
    const id = this.audio();
    this.turns.audio(id, AUDIO);
    this.turns.contentEnded(id, end);
  }

  final(text: string, end: 'END_TURN' | 'INTERRUPTED' = 'END_TURN'): void {
    const id = this.newContent();
    this.turns.finalStarted(id);
    if (text !== '') this.turns.text(id, text);
    this.turns.contentEnded(id, end);
  }

  interruptedMarker(end: 'END_TURN' | 'INTERRUPTED'): void {
    const id = this.newContent();
    this.turns.finalStarted(id);
    this.turns.interrupted(id);
    this.turns.contentEnded(id, end);
  }

  /** Returns the events since the last call, without the sign that the model has stopped speaking. */
  takeTold(): string[] {
    return this.told.splice(0).filter((line) => line !== '(free)');
  }

  private newContent(): string {
    return `content${++this.contents}`;
  }
}

function describeEvent(event: VoiceEvent): string {
  switch (event.type) {
    case 'response-started':
      return 'started';
    case 'response-done':
      return event.status;
    case 'assistant-text':
      return `text ${event.text}`;
    case 'assistant-text-final':
      return `final ${event.text}`;
    default:
      return event.type;
  }
}

const SPOKEN = ['text One.', 'audio', 'item-done'];

describe('the turns of Nova', () => {
  it("Nova's turn is a response, and its sentences are items", () => {
    const rig = new Rig();
    rig.speak('One.', 'PARTIAL_TURN');
    rig.speak('Two.', 'END_TURN');
    assert.deepEqual(rig.takeTold(), ['started', ...SPOKEN, 'text Two.', 'audio', 'item-done', 'completed']);
    rig.speak('Three.', 'END_TURN');
    assert.deepEqual(rig.takeTold(), ['started', 'text Three.', 'audio', 'item-done', 'completed']);
    assert.deepEqual(rig.anomalies, []);
  });

  it("Nova's turn of complete sentences is over soon, though no block ends it", () => {
    const rig = new Rig();
    rig.speak('One.', 'PARTIAL_TURN');
    rig.clock.advance(2900);
    rig.speak('Two.', 'PARTIAL_TURN');
    rig.takeTold();
    rig.clock.advance(2900);
    assert.deepEqual(rig.takeTold(), []);
    rig.clock.advance(100);
    assert.deepEqual(rig.takeTold(), ['completed']);
    assert.equal(rig.clock.timers, 0);
  });

  it("Nova's turn of complete sentences is over once the caller has said something, and the answer is another", () => {
    const rig = new Rig();
    rig.speak('One.', 'PARTIAL_TURN');
    rig.takeTold();
    rig.turns.callerSaid();
    assert.deepEqual(rig.takeTold(), ['completed']);
    rig.speak('Two.', 'PARTIAL_TURN');
    assert.deepEqual(rig.takeTold(), ['started', 'text Two.', 'audio', 'item-done']);
    rig.sentence('Three.');
    rig.turns.callerSaid();
    assert.deepEqual(rig.takeTold(), []);
  });

  it("Nova's turn is over with its completion, though its last audio has not ended", () => {
    const rig = new Rig();
    rig.sentence('One.');
    const id = rig.audio();
    rig.turns.audio(id, AUDIO);
    rig.takeTold();
    rig.turns.completionEnded();
    assert.deepEqual(rig.takeTold(), ['item-done', 'completed']);
    rig.turns.audio(id, AUDIO);
    rig.clock.advance(10_000);
    assert.deepEqual(rig.takeTold(), []);
    rig.speak('Two.', 'END_TURN');
    rig.turns.completionEnded();
    assert.deepEqual(rig.takeTold(), ['started', 'text Two.', 'audio', 'item-done', 'completed']);
  });

  it('a caller who speaks interrupts what Nova says and what still plays, once, and nothing else', () => {
    const rig = new Rig();
    rig.turns.callerSpeaks();
    assert.deepEqual(rig.takeTold(), []);
    rig.speak('One.', 'PARTIAL_TURN');
    rig.takeTold();
    rig.turns.callerSpeaks();
    assert.deepEqual(rig.takeTold(), ['interruption', 'cancelled']);
    rig.interruptedMarker('INTERRUPTED');
    assert.deepEqual(rig.takeTold(), []);
    rig.turns.callerSaid();
    rig.speak('Two.', 'END_TURN');
    rig.takeTold();
    rig.turns.callerSpeaks();
    assert.deepEqual(rig.takeTold(), []);
    rig.isPlaying = true;
    rig.turns.callerSpeaks();
    assert.deepEqual(rig.takeTold(), ['interruption']);
  });

  it('a caller who speaks does not bring back what the owner cancelled', () => {
    const rig = new Rig();
    rig.speak('One.', 'PARTIAL_TURN');
    rig.turns.cancel();
    rig.takeTold();
    rig.isPlaying = true;
    rig.turns.callerSpeaks();
    rig.speak('Two.', 'END_TURN');
    assert.deepEqual(rig.takeTold(), []);
  });

  it('a sentence of Nova without audio is not reported', () => {
    const rig = new Rig();
    rig.speak('One.', 'PARTIAL_TURN');
    rig.sentence('Two.');
    rig.interruptedMarker('INTERRUPTED');
    assert.deepEqual(rig.takeTold(), ['started', ...SPOKEN, 'interruption', 'cancelled']);
  });

  it('the text of a broken sentence is cut where its audio ends when the session is lost', () => {
    const rig = new Rig();
    // One second of audio for ten characters.
    rig.sentence('Ten chars.');
    const first = rig.audio();
    for (let i = 0; i < 100; i++) rig.turns.audio(first, AUDIO);
    rig.turns.contentEnded(first, 'PARTIAL_TURN');
    rig.sentence('Five words that are broken.');
    const second = rig.audio();
    for (let i = 0; i < 120; i++) rig.turns.audio(second, AUDIO);
    rig.takeTold();
    rig.turns.breakOff();
    assert.deepEqual(rig.takeTold(), ['final Five words', 'item-done']);
  });

  it('the text of a broken sentence is not cut if its audio can hold it', () => {
    const rig = new Rig();
    rig.sentence('One.');
    const id = rig.audio();
    for (let i = 0; i < 100; i++) rig.turns.audio(id, AUDIO);
    rig.takeTold();
    rig.turns.breakOff();
    assert.deepEqual(rig.takeTold(), ['item-done']);
  });

  it('texts of Nova that run ahead of the audio are matched to it in order', () => {
    const rig = new Rig();
    rig.sentence('One.');
    rig.sentence('Two.');
    const first = rig.audio();
    rig.turns.audio(first, AUDIO);
    rig.turns.contentEnded(first, 'PARTIAL_TURN');
    const second = rig.audio();
    rig.turns.audio(second, AUDIO);
    rig.turns.contentEnded(second, 'END_TURN');
    assert.deepEqual(rig.takeTold(), ['started', ...SPOKEN, 'text Two.', 'audio', 'item-done', 'completed']);
  });

  it('no text of Nova is lost if one audio block speaks several sentences', () => {
    const rig = new Rig();
    rig.sentence('One.');
    rig.sentence('Two.');
    const id = rig.audio();
    rig.turns.audio(id, AUDIO);
    rig.turns.contentEnded(id, 'END_TURN');
    rig.final('One.');
    rig.final('Two.');
    assert.deepEqual(rig.takeTold(), ['started', 'text One.', 'audio', 'text  Two.', 'item-done', 'completed']);
  });

  it('a turn of Nova ends after six seconds without progress, and may still continue', () => {
    const rig = new Rig();
    rig.speak('One.', 'PARTIAL_TURN');
    rig.sentence('Two.');
    rig.clock.advance(5900);
    const id = rig.audio();
    rig.turns.audio(id, AUDIO);
    rig.clock.advance(5900);
    assert.deepEqual(rig.takeTold().at(-1), 'audio');
    rig.clock.advance(200);
    assert.deepEqual(rig.takeTold(), ['(stalled)', 'item-done', 'incomplete']);
    assert.deepEqual(rig.anomalies, ['silent-turn']);
    rig.turns.audio(id, AUDIO);
    rig.turns.contentEnded(id, 'END_TURN');
    assert.deepEqual(rig.takeTold(), ['started', 'audio', 'item-done', 'completed']);
    rig.clock.advance(10_000);
    assert.equal(rig.clock.timers, 0);
  });

  it('a turn of Nova whose listener closes it leaves no timer', () => {
    const rig = new Rig();
    rig.onEvent = () => rig.turns.close();
    rig.sentence('One.');
    assert.equal(rig.clock.timers, 0);
  });

  it('a turn of Nova ends before its tool call is reported', () => {
    const rig = new Rig();
    rig.speak('One.', 'PARTIAL_TURN');
    rig.turns.toolUsed();
    assert.deepEqual(rig.takeTold(), ['started', ...SPOKEN, 'completed']);
  });
});

describe('interruptions of Nova', () => {
  it('an interruption of Nova is reported once, at its first sign, and late audio is dropped', () => {
    for (const first of ['stop reason', 'marker']) {
      const rig = new Rig();
      rig.sentence('One.');
      const id = rig.audio();
      rig.turns.audio(id, AUDIO);
      rig.takeTold();
      if (first === 'stop reason') rig.turns.contentEnded(id, 'INTERRUPTED');
      rig.interruptedMarker('INTERRUPTED');
      assert.deepEqual(rig.takeTold(), ['interruption', 'cancelled'], first);
      rig.turns.audio(id, AUDIO);
      if (first === 'marker') rig.turns.contentEnded(id, 'INTERRUPTED');
      const late = rig.audio();
      rig.turns.audio(late, AUDIO);
      rig.turns.contentEnded(late, 'END_TURN');
      assert.deepEqual(rig.takeTold(), [], first);
      rig.turns.callerSaid();
      rig.speak('One.', 'END_TURN');
      assert.deepEqual(rig.takeTold(), ['started', ...SPOKEN, 'completed'], first);
    }
  });

  it('an interruption of Nova is reported even if the audio is complete, because it may still play', () => {
    const rig = new Rig();
    rig.speak('One.', 'END_TURN');
    rig.takeTold();
    rig.clock.advance(3000);
    rig.interruptedMarker('INTERRUPTED');
    assert.deepEqual(rig.takeTold(), ['interruption']);
  });

  it('an interruption of an earlier turn of Nova does not touch the next one', () => {
    const rig = new Rig();
    rig.sentence('One.');
    const old = rig.audio();
    rig.turns.audio(old, AUDIO);
    rig.interruptedMarker('END_TURN');
    rig.turns.callerSaid();
    rig.sentence('Two.');
    const id = rig.audio();
    rig.takeTold();
    rig.turns.contentEnded(old, 'INTERRUPTED');
    rig.turns.audio(id, AUDIO);
    assert.deepEqual(rig.takeTold(), ['audio']);
  });

  it('an interruption of an earlier, complete turn of Nova does not touch the next one', () => {
    const rig = new Rig();
    rig.speak('One.', 'END_TURN');
    rig.turns.finalStarted('late');
    rig.sentence('Two.');
    const id = rig.audio();
    rig.takeTold();
    rig.turns.contentEnded('late', 'INTERRUPTED');
    rig.turns.audio(id, AUDIO);
    assert.deepEqual(rig.takeTold(), ['audio']);
  });

  it('an interruption that a text of the session caused is not reported', () => {
    const rig = new Rig();
    rig.sentence('One.');
    rig.audio();
    rig.takeTold();
    rig.turns.textSent();
    rig.interruptedMarker('INTERRUPTED');
    assert.deepEqual(rig.takeTold(), ['cancelled']);
    rig.speak('Two.', 'END_TURN');
    rig.takeTold();
    rig.interruptedMarker('INTERRUPTED');
    assert.deepEqual(rig.takeTold(), ['interruption'], 'the next one is the caller’s');
  });

  it("an interruption is the caller's if they speak, or if the session's text was long ago", () => {
    const speaking = new Rig();
    speaking.speak('One.', 'END_TURN');
    speaking.turns.textSent();
    speaking.isCallerSpeaking = true;
    speaking.takeTold();
    speaking.interruptedMarker('INTERRUPTED');
    assert.deepEqual(speaking.takeTold(), ['interruption']);
    const later = new Rig();
    later.speak('One.', 'END_TURN');
    later.turns.textSent();
    later.takeTold();
    later.clock.advance(3000);
    later.interruptedMarker('INTERRUPTED');
    assert.deepEqual(later.takeTold(), ['interruption']);
  });

  it('an interruption is reported before the text that it shortened, which never grows again', () => {
    const rig = new Rig();
    rig.speak('One two three four.', 'END_TURN');
    rig.takeTold();
    rig.final('One two', 'INTERRUPTED');
    assert.deepEqual(rig.takeTold(), ['interruption', 'final One two']);
    const longer = new Rig();
    longer.speak('One two.', 'END_TURN');
    longer.interruptedMarker('INTERRUPTED');
    longer.takeTold();
    longer.final('One two three four.');
    assert.deepEqual(longer.takeTold(), []);
  });
});

describe('cancelled turns of Nova', () => {
  it('a cancelled turn of Nova ends at once, and its rest is dropped', () => {
    const rig = new Rig();
    rig.sentence('One.');
    const id = rig.audio();
    rig.turns.audio(id, AUDIO);
    rig.takeTold();
    rig.turns.cancel();
    assert.deepEqual(rig.takeTold(), ['cancelled']);
    assert.equal(rig.turns.isSpeaking, false);
    rig.turns.audio(id, AUDIO);
    rig.turns.contentEnded(id, 'PARTIAL_TURN');
    rig.speak('Two.', 'END_TURN');
    assert.deepEqual(rig.takeTold(), []);
    rig.final('One.');
    rig.final('Two.');
    assert.deepEqual(rig.takeTold(), ['final One.']);
    rig.speak('One.', 'END_TURN');
    assert.deepEqual(rig.takeTold(), ['started', ...SPOKEN, 'completed']);
  });

  it('a cancel drops the answer that Nova owes', () => {
    const rig = new Rig();
    rig.turns.callerSaid();
    rig.turns.cancel();
    rig.turns.callerSaid();
    rig.speak('One.', 'PARTIAL_TURN');
    rig.speak('Two.', 'END_TURN');
    assert.deepEqual(rig.takeTold(), []);
    rig.turns.callerSaid();
    rig.speak('One.', 'END_TURN');
    assert.deepEqual(rig.takeTold(), ['started', ...SPOKEN, 'completed']);
  });

  it('a cancel does nothing if Nova is silent and owes nothing', () => {
    const rig = new Rig();
    rig.speak('One.', 'END_TURN');
    rig.takeTold();
    rig.turns.cancel();
    rig.speak('One.', 'END_TURN');
    assert.deepEqual(rig.takeTold(), ['started', ...SPOKEN, 'completed']);
  });

  it('a cancelled turn of Nova is over when the caller speaks or a text is sent', () => {
    for (const again of ['callerSaid', 'textSent'] as const) {
      const rig = new Rig();
      rig.sentence('One.');
      rig.audio();
      rig.turns.cancel();
      rig.takeTold();
      rig.turns[again]();
      rig.speak('One.', 'END_TURN');
      assert.deepEqual(rig.takeTold(), ['started', ...SPOKEN, 'completed'], again);
    }
  });

  it('the end of a cancelled turn of Nova is awaited for six seconds at most', () => {
    const rig = new Rig();
    rig.turns.callerSaid();
    rig.turns.cancel();
    rig.clock.advance(6000);
    rig.speak('One.', 'END_TURN');
    assert.deepEqual(rig.takeTold(), ['started', ...SPOKEN, 'completed']);
  });

  it('a listener may cancel a turn of Nova while it hears of it', () => {
    const rig = new Rig();
    rig.onEvent = (event) => {
      if (event.type === 'item-done') rig.turns.cancel();
    };
    rig.speak('One.', 'END_TURN');
    assert.deepEqual(rig.takeTold(), ['started', ...SPOKEN, 'cancelled']);
  });
});

describe('final texts of Nova', () => {
  const sentence = (text: string, isCut = false): { text: string; isCut: boolean } => ({ text, isCut });
  const expecting = (
    ...sentences: { text: string; isCut: boolean }[]
  ): FinalTexts<{ text: string; isCut: boolean }> => {
    const finals = new FinalTexts<{ text: string; isCut: boolean }>();
    for (const each of sentences) finals.expect(each);
    return finals;
  };
  const one = sentence('We open at 9.');
  const two = sentence('And close at 18.');
  const three = sentence('Bye.');

  it('a final text matches its sentence once, whatever the punctuation', () => {
    const finals = expecting(one, two);
    assert.equal(finals.match('we open at 9'), one);
    assert.equal(finals.match('And close'), two);
    assert.equal(finals.match('we open at 9'), undefined);
  });

  it('a final text skips sentences that were never spoken', () => {
    const cut = sentence('Never spoken.', true);
    assert.equal(expecting(one, cut, three).match('Bye.'), three);
    assert.equal(expecting(cut).match('Something else.'), undefined);
  });

  it('a final text in other words matches by order', () => {
    const finals = expecting(one, two);
    assert.equal(finals.match('We open at nine.'), one);
    assert.equal(finals.match('And close at eighteen.'), two);
  });

  it('a final text may span several sentences', () => {
    const finals = expecting(one, two, three);
    assert.equal(finals.match('We open at 9. And close'), 'several');
    assert.equal(finals.match('Bye.'), three);
  });
});
