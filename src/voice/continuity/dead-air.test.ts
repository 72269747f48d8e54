import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeClock } from '../../../test/support/fake-clock.js';
import { DeadAirMonitor } from './dead-air.js';

function waitOf(): { clock: FakeClock; wait: DeadAirMonitor; line: { isPlaying: boolean }; long: () => number } {
  const clock = new FakeClock();
  const line = { isPlaying: false };
  let times = 0;
  const wait = new DeadAirMonitor({ clock, isPlaying: () => line.isPlaying, onDeadAir: () => times++ });
  return { clock, wait, line, long: () => times };
}

test('a caller who hears nothing has waited long before four seconds are over, and again, a few times', () => {
  const { clock, long, wait } = waitOf();
  wait.begin();
  clock.advance(3100);
  wait.begin();
  assert.equal(long(), 0);
  clock.advance(300);
  assert.equal(long(), 1);
  clock.advance(3700);
  assert.equal(long(), 1);
  clock.advance(400);
  assert.equal(long(), 2);
  clock.advance(60_000);
  assert.equal(long(), 5);
  wait.end();
  assert.equal(clock.timers, 0);
});

test('the wait runs from the last sound, not from what was sent', () => {
  const { clock, line, long, wait } = waitOf();
  wait.begin();
  clock.advance(3000);
  line.isPlaying = true;
  clock.advance(2000);
  line.isPlaying = false;
  assert.equal(wait.quietMs, 0);
  clock.advance(3000);
  assert.equal(long(), 0);
  assert.equal(wait.quietMs, 3000);
  clock.advance(400);
  assert.equal(long(), 1);
  wait.end();
  assert.equal(wait.quietMs, 0);
});

test('an answer that has only begun to play may not have reached them: if it breaks off there, they have waited all along', () => {
  const { clock, line, wait } = waitOf();
  wait.begin();
  clock.advance(2900);
  line.isPlaying = true;
  clock.advance(300);
  assert.equal(wait.quietMs, 3200);
  clock.advance(400);
  assert.equal(wait.quietMs, 0);
  wait.end();
});

test('one who has waited before is told soon, and the model has a moment to be sooner', () => {
  const { clock, long, wait } = waitOf();
  clock.advance(10_000);
  wait.begin(clock.now() - 3500);
  assert.equal(wait.quietMs, 3500);
  clock.advance(700);
  assert.equal(long(), 0);
  clock.advance(200);
  assert.equal(long(), 1);
});

test('one whose answer is lost is told soon, unless they have just been told', () => {
  const { clock, long, wait } = waitOf();
  wait.lost();
  wait.begin();
  clock.advance(200);
  wait.lost();
  clock.advance(1200);
  assert.equal(long(), 1);
  wait.lost();
  clock.advance(2000);
  assert.equal(long(), 1);
});

test('an answer that broke off is followed soon by something once what there was of it has been heard', () => {
  const { clock, line, long, wait } = waitOf();
  wait.begin();
  wait.audioSent();
  line.isPlaying = true;
  clock.advance(4000);
  line.isPlaying = false;
  clock.advance(400);
  assert.equal(long(), 1);
});
