import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeClock } from '../../../test/support/fake-clock.js';
import { DeadAirMonitor } from './dead-air.js';

function rigOf(): {
  clock: FakeClock;
  deadAir: DeadAirMonitor;
  playout: { isPlaying: boolean };
  count: () => number;
} {
  const clock = new FakeClock();
  const playout = { isPlaying: false };
  let times = 0;
  const deadAir = new DeadAirMonitor({ clock, isPlaying: () => playout.isPlaying, onDeadAir: () => times++ });
  return { clock, deadAir, playout, count: () => times };
}

test('dead air is reported before four seconds are over, and again a few times', () => {
  const { clock, count, deadAir } = rigOf();
  deadAir.begin();
  clock.advance(3100);
  deadAir.begin();
  assert.equal(count(), 0);
  clock.advance(300);
  assert.equal(count(), 1);
  clock.advance(3700);
  assert.equal(count(), 1);
  clock.advance(400);
  assert.equal(count(), 2);
  clock.advance(60_000);
  assert.equal(count(), 5);
  deadAir.end();
  assert.equal(clock.timers, 0);
});

test('a wait for an answer counts from the moment it begins, so that it is not taken for none', () => {
  const { clock, deadAir } = rigOf();
  assert.equal(deadAir.quietMs, 0);
  deadAir.begin();
  assert.ok(deadAir.quietMs > 0);
  clock.advance(2000);
  assert.equal(deadAir.quietMs, 2000);
  deadAir.end();
  assert.equal(deadAir.quietMs, 0);
});

test('dead air runs from the last sound that the caller heard', () => {
  const { clock, count, deadAir, playout } = rigOf();
  deadAir.begin();
  clock.advance(3000);
  playout.isPlaying = true;
  clock.advance(2000);
  playout.isPlaying = false;
  assert.equal(deadAir.quietMs, 1);
  clock.advance(3000);
  assert.equal(count(), 0);
  assert.equal(deadAir.quietMs, 3000);
  clock.advance(400);
  assert.equal(count(), 1);
  deadAir.end();
  assert.equal(deadAir.quietMs, 0);
});

test('dead air continues through an answer that has only begun to play', () => {
  const { clock, deadAir, playout } = rigOf();
  deadAir.begin();
  clock.advance(2900);
  playout.isPlaying = true;
  clock.advance(300);
  assert.equal(deadAir.quietMs, 3200);
  clock.advance(400);
  assert.equal(deadAir.quietMs, 0);
  deadAir.end();
});

test('dead air that began before is reported soon, after a moment for the model', () => {
  const { clock, count, deadAir } = rigOf();
  clock.advance(10_000);
  deadAir.begin(clock.now() - 3500);
  assert.equal(deadAir.quietMs, 3500);
  clock.advance(700);
  assert.equal(count(), 0);
  clock.advance(200);
  assert.equal(count(), 1);
});

test('dead air after a lost session is reported soon, unless it has just been reported', () => {
  const { clock, count, deadAir } = rigOf();
  deadAir.lost();
  deadAir.begin();
  clock.advance(200);
  deadAir.lost();
  clock.advance(1200);
  assert.equal(count(), 1);
  deadAir.lost();
  clock.advance(2000);
  assert.equal(count(), 1);
});

test('dead air after an answer that broke off is reported soon after its end has played', () => {
  const { clock, count, deadAir, playout } = rigOf();
  deadAir.begin();
  deadAir.audioSent();
  playout.isPlaying = true;
  clock.advance(4000);
  playout.isPlaying = false;
  clock.advance(400);
  assert.equal(count(), 1);
});

test('dead air after the beginning of an answer is reported as early as the first time, also behind a line', () => {
  const { clock, count, deadAir, playout } = rigOf();
  deadAir.begin();
  clock.advance(3400);
  assert.equal(count(), 1);
  playout.isPlaying = true;
  deadAir.audioSent();
  clock.advance(1200);
  playout.isPlaying = false;
  clock.advance(3400);
  assert.equal(count(), 2);
  deadAir.end();
});
