import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeClock } from '../../../test/support/fake-clock.js';
import { AudioChunk } from '../../audio/chunk.js';
import { pcmToMulaw } from '../../audio/g711.js';
import { PauseDetector } from './pause-detector.js';

const frame = (level: number): AudioChunk =>
  AudioChunk.fromBytes('mulaw', 8000, pcmToMulaw(new Int16Array(160).fill(level)));
const QUIET = frame(60);
const quiet = { awaitsAnswer: false, isSpokenTo: false };

/** Lets `ms` pass in which the caller is silent, with a frame every 20 ms. */
function passSilence(clock: FakeClock, pause: PauseDetector, ms: number): void {
  for (let passedMs = 0; passedMs < ms; passedMs += 20) {
    clock.advance(Math.min(20, ms - passedMs));
    pause.heard(QUIET);
  }
}

/** A detector that has listened long enough to find a pause. */
function listeningDetector(): { clock: FakeClock; pause: PauseDetector } {
  const clock = new FakeClock();
  const pause = new PauseDetector(clock);
  assert.equal(pause.isPause('breath', quiet), false, 'the detector has only begun to listen');
  passSilence(clock, pause, 1200);
  return { clock, pause };
}

test('a silent caller is in a pause, until they speak', () => {
  const { clock, pause } = listeningDetector();
  assert.equal(pause.isPause('breath', quiet), true);
  pause.heard(frame(3000));
  assert.equal(pause.isPause('breath', quiet), false);
  passSilence(clock, pause, 400);
  assert.equal(pause.isPause('breath', quiet), false, 'the caller waits for an answer');
});

test("a gap in the caller's audio is no pause, and what they said in it may have been a question", () => {
  const { clock, pause } = listeningDetector();
  clock.advance(500);
  assert.equal(pause.isPause('breath', quiet), false);
  pause.heard(QUIET);
  passSilence(clock, pause, 4980);
  assert.equal(pause.isPause('calm', quiet), false, 'the caller may be waiting');
  passSilence(clock, pause, 20);
  assert.equal(pause.isPause('calm', quiet), true);
});

test('a caller whose audio has never arrived is in no pause', () => {
  const clock = new FakeClock();
  const pause = new PauseDetector(clock);
  pause.isPause('breath', quiet);
  clock.advance(60_000);
  assert.equal(pause.isPause('breath', quiet), false);
});

test('a caller who has spoken is in no pause until they have heard the answer', () => {
  const { clock, pause } = listeningDetector();
  pause.heard(frame(3000));
  passSilence(clock, pause, 2000);
  assert.equal(pause.isPause('breath', quiet), false);
  assert.equal(pause.isPause('breath', { awaitsAnswer: false, isSpokenTo: true }), false);
  passSilence(clock, pause, 399);
  assert.equal(pause.isPause('breath', quiet), false, 'the caller may be about to speak');
  passSilence(clock, pause, 1);
  assert.equal(pause.isPause('breath', quiet), true);
  assert.equal(pause.isPause('calm', quiet), false);
  passSilence(clock, pause, 800);
  assert.equal(pause.isPause('calm', quiet), true);
});

test('an answer that the model owes delays the pause by at most five seconds', () => {
  const { clock, pause } = listeningDetector();
  assert.equal(pause.isPause('breath', { awaitsAnswer: true, isSpokenTo: false }), false);
  passSilence(clock, pause, 3800);
  assert.equal(pause.isPause('breath', { awaitsAnswer: true, isSpokenTo: false }), true);
  pause.heard(frame(3000));
  passSilence(clock, pause, 4999);
  assert.equal(pause.isPause('breath', quiet), false);
  passSilence(clock, pause, 1);
  assert.equal(pause.isPause('breath', quiet), true);
});
