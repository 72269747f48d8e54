import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeClock } from '../../test/fake-clock.js';
import { pcmToMulaw } from '../audio/g711.js';
import { CallerPause } from './caller-pause.js';

const frame = (level: number): string => Buffer.from(pcmToMulaw(new Int16Array(160).fill(level))).toString('base64');

test('a caller is silent once nothing was heard for 400 ms, frames or none', () => {
  const clock = new FakeClock();
  const pause = new CallerPause(clock);
  assert.equal(pause.isPause, false, 'it has only begun to listen');
  clock.advance(380);
  pause.heard(frame(3000));
  clock.advance(380);
  assert.equal(pause.isPause, false);
  pause.heard(frame(60));
  clock.advance(20);
  assert.equal(pause.isPause, true);
  pause.heard(frame(3000));
  assert.equal(pause.isPause, false);
});
