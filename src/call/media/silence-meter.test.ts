import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeClock } from '../../../test/support/fake-clock.js';
import { SilenceMeter } from './silence-meter.js';

function meter() {
  const clock = new FakeClock();
  const quiet: (number | undefined)[] = [];
  const silences: number[] = [];
  const silence = new SilenceMeter(clock, (sinceMs) => quiet.push(sinceMs));
  return { clock, quiet, silences, silence, heard: (ms: number) => silences.push(ms) };
}

test('silence begins when nothing is playing and the caller does not speak, and only on a line that is open', () => {
  const { clock, quiet, silence } = meter();
  silence.soundEnded();
  assert.deepEqual(quiet, []);
  clock.advance(100);
  silence.listen();
  silence.listen();
  clock.advance(400);
  silence.soundBegan();
  clock.advance(1000);
  silence.callerSpeaking(true);
  silence.soundEnded();
  clock.advance(1000);
  silence.callerSpeaking(false);
  silence.soundBegan();
  clock.advance(1000);
  silence.soundEnded(300);
  clock.advance(50);
  silence.leave();
  assert.deepEqual(quiet, [100, undefined, 2500, undefined, 3200, undefined]);
});

test('the silence at a seam lasts from the loss until the replacement is heard, without what was still playing', () => {
  const { clock, heard, silence, silences } = meter();
  silence.listen();
  silence.soundBegan();
  clock.advance(1000);
  silence.lost('session', 0);
  clock.advance(300);
  silence.soundEnded();
  clock.advance(700);
  silence.replaced('session', true, heard);
  clock.advance(500);
  assert.deepEqual(silences, []);
  silence.soundBegan();
  silence.soundEnded();
  silence.soundBegan();
  assert.deepEqual(silences, [1200]);
});

test('a caller who had been waiting before the loss has waited at the seam, too', () => {
  const { clock, heard, silence, silences } = meter();
  silence.listen();
  silence.callerSpeaking(true);
  silence.callerSpeaking(false);
  clock.advance(8000);
  silence.lost('session', 8000);
  clock.advance(500);
  silence.replaced('session', true, heard);
  clock.advance(500);
  silence.soundBegan();
  assert.deepEqual(silences, [9000]);
});

test('a line of the gateway in between parts the silence, and the longer part counts', () => {
  const { clock, heard, silence, silences } = meter();
  silence.listen();
  silence.lost('session', 0);
  silence.lost('session', 5000);
  clock.advance(2000);
  silence.soundBegan();
  clock.advance(500);
  silence.soundEnded();
  silence.replaced('session', true, heard);
  clock.advance(1500);
  silence.soundBegan();
  assert.deepEqual(silences, [2000]);
});

test('a replacement in a pause, where nobody is owed anything, leaves no silence', () => {
  const { clock, heard, silence, silences } = meter();
  silence.listen();
  clock.advance(5000);
  silence.lost('session', 0);
  clock.advance(800);
  silence.replaced('session', false, heard);
  assert.deepEqual(silences, [0]);
  clock.advance(800);
  silence.soundBegan();
  silence.replaced('session', false, heard);
  assert.deepEqual(silences, [0, 0]);
});

test('a seam that is given up, or that ends with an agent, is never reported', () => {
  const { heard, silence, silences } = meter();
  silence.listen();
  silence.lost('session', 0);
  silence.gaveUp('session');
  silence.replaced('stream', true, heard);
  silence.leave();
  silence.listen();
  silence.soundBegan();
  assert.deepEqual(silences, []);
});

test('the silence on another instance counts, too', () => {
  const { clock, heard, quiet, silence, silences } = meter();
  clock.advance(10_000);
  silence.listen();
  silence.lost('stream', 1500);
  assert.deepEqual(quiet, [10_000, 8500]);
  silence.replaced('stream', true, heard);
  clock.advance(500);
  silence.soundBegan();
  assert.deepEqual(silences, [2000]);
});
