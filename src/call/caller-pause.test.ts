import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeClock } from '../../test/fake-clock.js';
import { pcmToMulaw } from '../audio/g711.js';
import { CallerPause } from './caller-pause.js';

const frame = (level: number): string => Buffer.from(pcmToMulaw(new Int16Array(160).fill(level))).toString('base64');
const quiet = { awaitsAnswer: false, isSpokenTo: false };

/** One that has listened long enough to know. */
function listening(): { clock: FakeClock; pause: CallerPause } {
  const clock = new FakeClock();
  const pause = new CallerPause(clock);
  assert.equal(pause.isPause('breath', quiet), false, 'it has only begun to listen');
  clock.advance(1200);
  return { clock, pause };
}

test('a caller of whom nothing is heard, frames or none, is in a pause', () => {
  const { clock, pause } = listening();
  assert.equal(pause.isPause('breath', quiet), true);
  pause.heard(frame(60));
  assert.equal(pause.isPause('breath', quiet), true);
  pause.heard(frame(3000));
  assert.equal(pause.isPause('breath', quiet), false);
  clock.advance(400);
  assert.equal(pause.isPause('breath', quiet), false, 'they wait for an answer');
});

test('whoever has spoken is answered first, and the answer heard', () => {
  const { clock, pause } = listening();
  pause.heard(frame(3000));
  clock.advance(2000);
  assert.equal(pause.isPause('breath', quiet), false);
  assert.equal(pause.isPause('breath', { awaitsAnswer: false, isSpokenTo: true }), false);
  clock.advance(399);
  assert.equal(pause.isPause('breath', quiet), false, 'they may be about to say something');
  clock.advance(1);
  assert.equal(pause.isPause('breath', quiet), true);
  assert.equal(pause.isPause('calm', quiet), false);
  clock.advance(800);
  assert.equal(pause.isPause('calm', quiet), true);
});

test('an answer that the model owes is waited for, but not for ever', () => {
  const { clock, pause } = listening();
  assert.equal(pause.isPause('breath', { awaitsAnswer: true, isSpokenTo: false }), false);
  clock.advance(3800);
  assert.equal(pause.isPause('breath', { awaitsAnswer: true, isSpokenTo: false }), true);
  pause.heard(frame(3000));
  clock.advance(4999);
  assert.equal(pause.isPause('breath', quiet), false);
  clock.advance(1);
  assert.equal(pause.isPause('breath', quiet), true);
});
