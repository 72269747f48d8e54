import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FakeClock } from '../../../test/support/fake-clock.js';
import type { Turn } from '../history.js';
import { CutAnswer } from './cut-answer.js';

function rig(): { clock: FakeClock; line: { isLoud: boolean }; turns: Turn[]; asked: string[]; cut: CutAnswer } {
  const clock = new FakeClock();
  const line = { isLoud: true };
  const turns: Turn[] = [{ speaker: 'assistant', text: 'We open at', itemId: 'item-1', interrupted: true }];
  const asked: string[] = [];
  const cut = new CutAnswer({
    clock,
    isLoud: () => line.isLoud,
    conversation: { turns, isPlaying: false },
    isOwn: (itemId) => itemId.startsWith('item-'),
    ask: (text) => asked.push(text),
  });
  return { clock, line, turns, asked, cut };
}

const half = (itemId: string) => [{ itemId, heardMs: 500, sentMs: 1000 }];
const HALF = half('item-1');

describe('an answer of Nova that was cut off', () => {
  it('Nova is asked to go on 3.5 s after a noise, from where the caller has heard it', () => {
    const { asked, clock, cut, line, turns } = rig();
    cut.interrupted();
    cut.heard(HALF);
    clock.advance(20_000);
    assert.deepEqual(asked, [], 'the line is still loud');
    line.isLoud = false;
    cut.quiet();
    turns.push({ speaker: 'assistant', text: 'One moment.', itemId: 'line-2', interrupted: false });
    clock.advance(2899);
    assert.deepEqual(asked, []);
    clock.advance(1);
    assert.equal(asked.length, 1);
    assert.match(asked[0] ?? '', /heard your answer up to: "We open at"\. Continue from there/);
    assert.equal(clock.timers, 0);
  });

  it('Nova is not asked to go on if it has heard words, answers, or was heard whole', () => {
    for (const [what, happens] of [
      ['words', (cut: CutAnswer) => cut.answered()],
      ['an answer', (cut: CutAnswer) => cut.over()],
      ['all was heard', (cut: CutAnswer) => (cut.over(), cut.interrupted(), cut.heard([]))],
      ['only a line was cut', (cut: CutAnswer) => (cut.over(), cut.interrupted(), cut.heard(half('line-1')))],
      ['the owner cut it', (cut: CutAnswer) => (cut.over(), cut.heard(HALF))],
    ] as const) {
      const { asked, clock, cut, line } = rig();
      cut.interrupted();
      cut.heard(HALF);
      line.isLoud = false;
      cut.quiet();
      happens(cut);
      clock.advance(60_000);
      assert.deepEqual(asked, [], what);
      assert.equal(clock.timers, 0, what);
    }
  });

  it('a noise that comes again waits for its end, and after three in a row Nova is left alone until words come', () => {
    const { asked, clock, cut, line, turns } = rig();
    turns.length = 0;
    const noise = (): void => {
      cut.interrupted();
      line.isLoud = false;
      cut.heard(HALF);
      clock.advance(3000);
      line.isLoud = true;
      const before = asked.length;
      clock.advance(3000);
      assert.equal(asked.length, before, 'it is loud again');
      line.isLoud = false;
      cut.quiet();
      clock.advance(3000);
    };
    for (let time = 0; time < 5; time++) noise();
    assert.equal(asked.length, 3);
    assert.match(asked[0] ?? '', /heard nothing of your last sentence/);
    cut.answered();
    noise();
    assert.equal(asked.length, 4);
  });
});
