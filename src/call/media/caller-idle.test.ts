import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeClock } from '../../../test/support/fake-clock.js';
import { CallerIdleTimer } from './caller-idle.js';

function idleTimer(afterMs = 10_000) {
  const clock = new FakeClock();
  const silences: number[] = [];
  return { clock, silences, idle: new CallerIdleTimer({ clock, afterMs, onIdle: (times) => silences.push(times) }) };
}

test('a caller who stays silent after hearing the last word is noticed again and again', () => {
  const { clock, silences, idle } = idleTimer();
  idle.assistantBusy();
  clock.advance(60_000);
  assert.deepEqual(silences, []);
  idle.playoutEnded();
  clock.advance(9_999);
  assert.deepEqual(silences, []);
  clock.advance(1);
  assert.deepEqual(silences, [1]);
  idle.assistantBusy();
  clock.advance(60_000);
  assert.deepEqual(silences, [1]);
  idle.playoutEnded();
  clock.advance(10_000);
  assert.deepEqual(silences, [1, 2]);
});

test('a caller who waits for an answer is not silent, unless the answer was forgotten', () => {
  const clock = new FakeClock();
  const silences: number[] = [];
  let waitsSinceMs: number | undefined = 0;
  const idle = new CallerIdleTimer({
    clock,
    afterMs: 10_000,
    waitsMs: () => (waitsSinceMs === undefined ? 0 : clock.now() - waitsSinceMs),
    onIdle: (times) => silences.push(times),
  });
  idle.callerSpeechStarted();
  idle.callerSpeechStopped();
  clock.advance(44_999);
  assert.deepEqual(silences, []);
  clock.advance(5001);
  assert.deepEqual(silences, [1]);
  waitsSinceMs = clock.now();
  clock.advance(30_000);
  waitsSinceMs = undefined;
  assert.deepEqual(silences, [1]);
  clock.advance(10_000);
  assert.deepEqual(silences, [1, 2]);
});

test('a caller on a stream that begins in silence is noticed early once, but not if the assistant speaks', () => {
  const { clock, silences, idle } = idleTimer();
  idle.beginQuiet(0);
  assert.equal(idle.isQuiet, true);
  clock.advance(3_000);
  assert.deepEqual(silences, [1]);
  clock.advance(9_999);
  assert.deepEqual(silences, [1]);
  clock.advance(1);
  assert.deepEqual(silences, [1, 2]);
  const second = idleTimer();
  second.idle.assistantBusy();
  second.idle.playoutEnded();
  second.idle.beginQuiet(0);
  second.clock.advance(9_999);
  assert.deepEqual(second.silences, []);
  const late = idleTimer();
  late.idle.beginQuiet(1_200);
  late.clock.advance(1_800);
  assert.deepEqual(late.silences, [1], 'the time without a stream counts');
  const later = idleTimer();
  later.idle.beginQuiet(8_000);
  later.clock.advance(999);
  assert.deepEqual(later.silences, [], 'the caller is listened to first');
  later.clock.advance(1);
  assert.deepEqual(later.silences, [1]);
  const off = idleTimer(0);
  off.idle.beginQuiet(0);
  off.clock.advance(60_000);
  assert.deepEqual(off.silences, []);
});

test('a line to a silent caller that broke off is due again soon, at most five times', () => {
  const { clock, silences, idle } = idleTimer();
  idle.unsaid();
  idle.playoutEnded();
  clock.advance(10_000);
  assert.deepEqual(silences, [1]);
  idle.assistantBusy();
  idle.unsaid();
  // The part that was sent has been heard.
  idle.playoutEnded();
  clock.advance(999);
  assert.deepEqual(silences, [1]);
  clock.advance(1);
  for (let repeat = 2; repeat <= 5; repeat++) {
    assert.deepEqual(
      silences,
      Array.from({ length: repeat }, () => 1),
    );
    idle.unsaid();
    clock.advance(1000);
  }
  assert.equal(silences.length, 6);
  idle.unsaid();
  clock.advance(9_999);
  assert.equal(silences.length, 6, 'the repeats are used up');
  clock.advance(1);
  assert.equal(silences.at(-1), 2);
  idle.unsaid();
  clock.advance(1000);
  assert.deepEqual(silences.slice(-2), [2, 2], 'the next line has repeats of its own');
});

test('a caller who speaks restarts the count of silences', () => {
  const { clock, silences, idle } = idleTimer();
  idle.playoutEnded();
  clock.advance(10_000);
  idle.playoutEnded();
  clock.advance(5_000);
  idle.callerSpeechStarted();
  // The caller interrupted the assistant: playout has ended, and the caller still speaks.
  idle.playoutEnded();
  clock.advance(20_000);
  assert.deepEqual(silences, [1]);
  idle.callerSpeechStopped();
  clock.advance(10_000);
  assert.deepEqual(silences, [1, 1]);
});

test('a transcribed word or a key restarts the idle timer and does not stop it', () => {
  const { clock, silences, idle } = idleTimer();
  idle.playoutEnded();
  clock.advance(9_000);
  idle.callerActive();
  clock.advance(9_000);
  assert.deepEqual(silences, []);
  clock.advance(1_000);
  assert.deepEqual(silences, [1]);
});

test('a silent caller is noticed again even if nothing was said to them', () => {
  const { clock, silences, idle } = idleTimer();
  idle.playoutEnded();
  clock.advance(30_000);
  assert.deepEqual(silences, [1, 2, 3]);
});

test('the idle timer runs again a minute after caller speech whose end was missed', () => {
  const { clock, silences, idle } = idleTimer();
  idle.callerSpeechStarted();
  clock.advance(70_000);
  assert.deepEqual(silences, [1]);
});

test('an idle timer that is off or closed never fires and leaves no timer', () => {
  for (const { clock, silences, idle } of [idleTimer(0), idleTimer()]) {
    idle.playoutEnded();
    idle.callerSpeechStarted();
    idle.close();
    idle.playoutEnded();
    idle.callerSpeechStarted();
    idle.callerSpeechStopped();
    clock.advance(100_000);
    assert.deepEqual([silences, clock.timers], [[], 0]);
  }
});
