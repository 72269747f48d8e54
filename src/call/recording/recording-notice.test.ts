import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Playback, PlaybackEnd } from '../../twilio/playback.js';
import type { Turn } from '../../voice/history.js';
import { RecordingNotice } from './recording-notice.js';

const LINE = 'This call is recorded.';

/** A notice, what it says, and a ledger whose waits the test ends. */
function noticeOf() {
  const said: string[] = [];
  const ends: ((end: PlaybackEnd) => void)[] = [];
  const state = { heard: 0, unheard: 0 };
  const playback = {
    whenHeard: () => new Promise<PlaybackEnd>((resolve) => ends.push(resolve)),
  } as unknown as Playback;
  const notice = new RecordingNotice({
    line: () => LINE,
    say: (_text, sayId) => {
      said.push(sayId);
      return true;
    },
    onHeard: () => state.heard++,
    onUnheard: () => state.unheard++,
  });
  const turn = (text: string, interrupted = false, speaker: Turn['speaker'] = 'assistant'): void =>
    notice.onTurn({ speaker, text, interrupted, itemId: 'i' }, playback);
  const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  return { notice, said, ends, state, turn, settle };
}

test('the line counts once the turn that holds it was heard to its end, however it is spelled', async () => {
  const { ends, notice, settle, state, turn } = noticeOf();
  notice.expect();
  turn('this call, is RECORDED! Hello.');
  await settle();
  assert.equal(state.heard, 0, 'it is sent, and not heard');
  ends[0]?.('heard');
  await settle();
  assert.equal(state.heard, 1);
  assert.equal(notice.isAwaited, false);
});

for (const end of ['cleared', 'timed-out', 'closed'] as const) {
  test(`a line whose playback was ${end} does not count`, async () => {
    const { ends, notice, settle, state, turn } = noticeOf();
    notice.expect();
    turn(`${LINE} Hello.`);
    ends[0]?.(end);
    await settle();
    assert.equal(state.heard, 0);
    assert.equal(notice.isAwaited, true);
  });
}

test('a turn that was cut behind the line counts only if enough of what follows was heard', () => {
  const near = noticeOf();
  near.notice.expect();
  near.turn(`${LINE} Hello`, true);
  assert.equal(near.state.heard, 0, 'the cut is an estimate');
  const far = noticeOf();
  far.notice.expect();
  far.turn(`${LINE} Hello, thank you for`, true);
  assert.equal(far.state.heard, 1);
});

test('the words of a caller are no line', () => {
  const { notice, said, state, turn } = noticeOf();
  notice.expect();
  turn(LINE, true, 'caller');
  turn(`${LINE} I know that.`, false, 'caller');
  assert.deepEqual([state.heard, said], [0, []]);
});

test('a line that is never heard is said three times, one after the other, and then given up', () => {
  const { notice, said, state, turn } = noticeOf();
  notice.expect();
  for (let answer = 0; answer < 6; answer++) {
    turn('An answer.');
    turn('Another one, while the line is on its way.');
    const sayId = said.at(-1) ?? '';
    turn('This call', true);
    notice.onSaid(sayId, 'cancelled');
  }
  assert.deepEqual(said, ['recording-0', 'recording-1', 'recording-2']);
  assert.equal(state.unheard, 1);
});

test('a line on a stream that is over is said again on the next one', () => {
  const { notice, said } = noticeOf();
  notice.say();
  notice.streamOver();
  notice.say();
  assert.equal(said.length, 2);
});
