import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeClock } from '../../../test/support/fake-clock.js';
import { pcmToMulaw } from '../../audio/g711.js';
import { PauseDetector } from './pause-detector.js';

const frame = (level: number): string => Buffer.from(pcmToMulaw(new Int16Array(160).fill(level))).toString('base64');
const QUIET = frame(60);
const quiet = { awaitsAnswer: false, isSpokenTo: false };

/** Time passes, and nothing is said: a frame every 20 ms. */
function passes(clock: FakeClock, pause: PauseDetector, ms: number): void {
  for (let passedMs = 0; passedMs < ms; passedMs += 20) {
    clock.advance(Math.min(20, ms - passedMs));
    pause.heard(QUIET);
  }
}

/** One that has listened long enough to know. */
function listening(): { clock: FakeClock; pause: PauseDetector } {
  const clock = new FakeClock();
  const pause = new PauseDetector(clock);
  assert.equal(pause.isPause('breath', quiet), false, 'it has only begun to listen');
  passes(clock, pause, 1200);
  return { clock, pause };
}

test('a caller of whom nothing is heard is in a pause', () => {
  const { clock, pause } = listening();
  assert.equal(pause.isPause('breath', quiet), true);
  pause.heard(frame(3000));
  assert.equal(pause.isPause('breath', quiet), false);
  passes(clock, pause, 400);
  assert.equal(pause.isPause('breath', quiet), false, 'they wait for an answer');
});

test('while none of their audio arrives nobody knows, and what they said meanwhile may have been a question', () => {
  const { clock, pause } = listening();
  clock.advance(500);
  assert.equal(pause.isPause('breath', quiet), false);
  pause.heard(QUIET);
  passes(clock, pause, 4980);
  assert.equal(pause.isPause('calm', quiet), false, 'they may be waiting');
  passes(clock, pause, 20);
  assert.equal(pause.isPause('calm', quiet), true);
});

test('nor is anything known of a caller whose audio has never come', () => {
  const clock = new FakeClock();
  const pause = new PauseDetector(clock);
  pause.isPause('breath', quiet);
  clock.advance(60_000);
  assert.equal(pause.isPause('breath', quiet), false);
});

test('whoever has spoken is answered first, and the answer heard', () => {
  const { clock, pause } = listening();
  pause.heard(frame(3000));
  passes(clock, pause, 2000);
  assert.equal(pause.isPause('breath', quiet), false);
  assert.equal(pause.isPause('breath', { awaitsAnswer: false, isSpokenTo: true }), false);
  passes(clock, pause, 399);
  assert.equal(pause.isPause('breath', quiet), false, 'they may be about to say something');
  passes(clock, pause, 1);
  assert.equal(pause.isPause('breath', quiet), true);
  assert.equal(pause.isPause('calm', quiet), false);
  passes(clock, pause, 800);
  assert.equal(pause.isPause('calm', quiet), true);
});

test('an answer that the model owes is waited for, but not for ever', () => {
  const { clock, pause } = listening();
  assert.equal(pause.isPause('breath', { awaitsAnswer: true, isSpokenTo: false }), false);
  passes(clock, pause, 3800);
  assert.equal(pause.isPause('breath', { awaitsAnswer: true, isSpokenTo: false }), true);
  pause.heard(frame(3000));
  passes(clock, pause, 4999);
  assert.equal(pause.isPause('breath', quiet), false);
  passes(clock, pause, 1);
  assert.equal(pause.isPause('breath', quiet), true);
});
